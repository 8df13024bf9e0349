//! Seconds a step of contrastive divergence, to compare with PyTorch
//! (`benchmarks/pytorch/README.md`):
//!
//! ```sh
//! cargo bench --package taut-benchmarks --bench rbm_steps
//! ```

use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use taut::control::Clock;
use taut::num::statistics::median;
use taut::train::rbm::{Bits, MachineState, RbmSettings, Rows, Threads, Training};

/// Visible and hidden units: the machines of the experiments with 16 × 16 and 40 × 40 spins.
const CASES: [[usize; 2]; 3] = [[256, 64], [64, 16], [1600, 400]];

const SAMPLES: usize = 5000;

const EPOCHS: usize = 7;

fn main() {
    let settings = RbmSettings::default();
    for [visible, hidden] in CASES {
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let mut bits = Bits::zeros(SAMPLES, visible);
        for row in 0..SAMPLES {
            for unit in (0..visible).filter(|_| random.next_u32() & 1 == 1) {
                bits.set(row, unit);
            }
        }
        let rows: Rows<f32> = Rows::Bits(bits);
        let state = MachineState::first(&rows, hidden, &settings, (0, 0));
        let mut training = Training::new(&rows, &settings, (0, 0), state);
        let (threads, clock) = (Threads::new(1), Clock::unlimited());
        let mut epoch = || {
            let start = Instant::now();
            training.epoch(&threads, &clock).expect("an epoch");
            start.elapsed().as_secs_f64() / SAMPLES.div_ceil(settings.batch) as f64
        };
        epoch();
        let seconds: Vec<f64> = (0..EPOCHS).map(|_| epoch()).collect();
        let record = serde_json::json!({
            "machine": format!("{visible}-{hidden}"),
            "batch": settings.batch,
            "precision": "float32",
            "seconds_per_step": median(seconds.iter().copied()),
            "least": seconds.iter().copied().fold(f64::INFINITY, f64::min),
            "largest": seconds.iter().copied().fold(0.0, f64::max),
            "threads": 1,
        });
        println!("{record}");
    }
}
