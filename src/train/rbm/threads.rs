//! Threads that share rows, each of which is computed by itself: their number changes no bit.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::bits::WORD;

/// Threads that share the rows of a step.
#[derive(Debug, Default)]
pub struct Threads {
    pool: Option<ThreadPool>,
    count: usize,
}

impl Threads {
    /// So many; without threads of their own, rows take turns.
    pub fn new(count: usize) -> Self {
        let pool = (count > 1).then(|| rayon::ThreadPoolBuilder::new().num_threads(count).build());
        Self { pool: pool.and_then(Result::ok), count }
    }

    /// Rows for each of them.
    pub(super) fn share(&self, rows: usize) -> usize {
        match &self.pool {
            Some(_) => rows.div_ceil(self.count).next_multiple_of(WORD),
            None => rows.max(1),
        }
    }

    pub(super) fn each<T: Send>(&self, items: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
        match &self.pool {
            Some(pool) => {
                let items: Vec<T> = items.collect();
                pool.install(|| items.into_par_iter().for_each(&work));
            }
            None => items.for_each(work),
        }
    }
}
