//! Boxes that several threads divide. What they show comes in the order of the parts, so that it
//! is the same for any number of threads.

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use std::{iter, thread};

use super::boxes::Boxes;
use super::kept::Kept;
use super::layout::Room;
use super::{Bounded, Divided, Space, Target};

/// Threads start where the work takes longer than starting them: at so many seconds for a
/// batch.
const THREADS_PAY: f64 = 4e-4;

/// Boxes, with room for each thread that divides them.
#[derive(Debug)]
pub struct Threads<'a> {
    boxes: &'a Boxes<'a>,
    rooms: Vec<Room>,
    most: usize,
    /// Seconds of one thread for one part of the last batch.
    for_one: f64,
}

impl<'a> Threads<'a> {
    /// At most so many threads.
    pub fn new(boxes: &'a Boxes<'a>, most: usize) -> Self {
        Self { boxes, rooms: vec![boxes.layout.room()], most, for_one: 0.0 }
    }
}

impl Space for Threads<'_> {
    type Part = Kept;
    type Error = Infallible;

    const MOST_AT_ONCE: usize = 64;

    fn divide(&mut self, part: Kept, target: Target) -> Divided<Self> {
        Ok(self.boxes.divide(part, target, &mut self.rooms[0]))
    }

    fn divide_all(&mut self, parts: Vec<Kept>, target: Target) -> Divided<Self> {
        let size = parts.len();
        let threads = match self.for_one * size as f64 > THREADS_PAY {
            true => self.most.min(size).max(1),
            false => 1,
        };
        while self.rooms.len() < threads {
            self.rooms.push(self.boxes.layout.room());
        }
        let started = Instant::now();
        let shown = divide(self.boxes, parts, target, &mut self.rooms[..threads]);
        self.for_one = started.elapsed().as_secs_f64() * threads as f64 / size as f64;
        Ok(shown)
    }

    fn bytes(&self) -> usize {
        self.boxes.layout.bytes()
    }
}

/// Divides parts on as many threads as there is room for; what they show, in their order.
fn divide(
    boxes: &Boxes<'_>,
    parts: Vec<Kept>,
    target: Target,
    rooms: &mut [Room],
) -> Vec<Bounded<Kept>> {
    if let [room] = rooms {
        return parts.into_iter().flat_map(|part| boxes.divide(part, target, room)).collect();
    }
    let queue = Mutex::new(parts.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |room: &mut Room| {
        let shown = iter::from_fn(next).map(|(at, part)| (at, boxes.divide(part, target, room)));
        shown.collect::<Vec<_>>()
    };
    let mut shown = thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> =
            rooms.iter_mut().map(|room| scope.spawn(move || work(room))).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    shown.sort_by_key(|(at, _)| *at);
    shown.into_iter().flat_map(|(_, shown)| shown).collect()
}
