//! The samples of a seed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::lattice::Lattice;
use super::recipe::RbmData;
use crate::control::Clock;
use crate::num::random::permutation;
use crate::train::data::{DataSource, Dataset};
use crate::train::rbm::ising::{
    Measured, Ring, Torus, blocked, energy, exact, magnetisation, spins,
};
use crate::train::rbm::{Bits, EpochDraws, Logistic, Rows, Visible};
use crate::train::{Halt, TrainError};

/// Parts of the random numbers of a seed, apart from those of its machines.
const SPINS: u64 = 1 << 56;
const ORDERS: u64 = SPINS + 1;

/// What a sample of spins shows of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpinFigures {
    /// Energy for each spin, in units of the coupling.
    pub energy: Measured,
    /// Its exact value on a lattice of this size.
    pub exact_energy: f64,
    /// Magnitude of the magnetisation.
    pub magnetisation: Measured,
}

/// The samples of a seed.
#[derive(Debug)]
pub struct Samples<S> {
    /// What is learnt.
    pub train: Rows<S>,
    /// What is not.
    pub test: Rows<S>,
    /// Where the units are.
    pub lattice: Option<Lattice>,
    /// What spins show.
    pub figures: Option<SpinFigures>,
    /// Coupling of a ring.
    pub ring: Option<f64>,
}

impl<S: Logistic> Samples<S> {
    /// Draws or reads the samples of a seed.
    ///
    /// # Errors
    /// What is wrong with files; the clock has ended it.
    pub fn load(
        data: &RbmData,
        visible: Visible,
        (folder, seed): (&Path, u64),
        clock: &Clock,
    ) -> Result<Self, Halt> {
        let mut random = EpochDraws::other(seed, SPINS);
        match data {
            RbmData::Ising(data) => {
                let (side, count) = (data.side, data.samples + data.test_samples);
                let shape = (side, data.coupling);
                let bits = Torus::samples(shape, (count, data.sweeps), random, clock)?;
                let [_, rate] = exact::torus([side, side], data.coupling);
                let exact_energy = -rate / (side * side) as f64;
                let series = |of: &dyn Fn(&[i8]) -> f64| {
                    let values = (0..count).map(|row| of(&spins(&bits, row)));
                    blocked(&values.collect::<Vec<f64>>())
                };
                let figures = SpinFigures {
                    energy: series(&|spins| energy(spins, side)),
                    exact_energy,
                    magnetisation: series(&|spins| magnetisation(spins).abs()),
                };
                let lattice = Lattice { sides: [side, side], is_periodic: true };
                Ok(Self::of_spins(&bits, data.samples, lattice, Some(figures), None))
            }
            RbmData::Ring(data) => {
                let ring = Ring { length: data.length, coupling: data.coupling };
                clock.go_on()?;
                let bits = ring.samples(data.samples + data.test_samples, &mut random);
                let lattice = Lattice { sides: [1, data.length], is_periodic: true };
                Ok(Self::of_spins(&bits, data.samples, lattice, None, Some(data.coupling)))
            }
            RbmData::Csv(data) => Self::of_source(data, visible, folder, seed),
            RbmData::Idx(data) => Self::of_source(data, visible, folder, seed),
        }
    }

    fn of_spins(
        bits: &Bits,
        samples: usize,
        lattice: Lattice,
        figures: Option<SpinFigures>,
        ring: Option<f64>,
    ) -> Self {
        let part =
            |rows: std::ops::Range<usize>| Rows::Bits(bits.select(&rows.collect::<Vec<usize>>()));
        let (train, test) = (part(0..samples), part(samples..bits.rows()));
        Self { train, test, lattice: Some(lattice), figures, ring }
    }

    fn of_source(
        source: &dyn DataSource,
        visible: Visible,
        folder: &Path,
        seed: u64,
    ) -> Result<Self, Halt> {
        let split = source.load(folder, seed).map_err(TrainError::from)?;
        let lattice = match split.train.shape.as_deref() {
            Some(&[1, rows, columns]) => {
                Some(Lattice { sides: [rows, columns], is_periodic: false })
            }
            _ => None,
        };
        let units = units_of(&split.train);
        let [train, test] = [&split.train, &split.test].map(|part| rows(part, visible, &units));
        let (train, test) = (train?, test?);
        if train.count() == 0 {
            return Err(TrainError::key("data", "0 samples for training", "at least 1").into());
        }
        Ok(Self { train, test, lattice, figures: None, ring: None })
    }

    /// Puts the units of each sample into an order of its own.
    pub fn shuffle(&mut self, seed: u64) {
        let mut random = EpochDraws::other(seed, ORDERS);
        for rows in [&mut self.train, &mut self.test] {
            let columns = rows.columns();
            for row in 0..rows.count() {
                let order = permutation(&mut random, columns);
                match rows {
                    Rows::Bits(bits) => bits.reorder(row, &order),
                    Rows::Reals { values, .. } => {
                        let own = &mut values[row * columns..][..columns];
                        let old = own.to_vec();
                        own.iter_mut().zip(order).for_each(|(value, from)| *value = old[from]);
                    }
                }
            }
        }
    }
}

/// Mean and deviation of each input; 1 for a constant one.
fn units_of(data: &Dataset) -> Vec<[f64; 2]> {
    let columns = data.inputs.columns().into_iter();
    let unit = |column: ndarray::ArrayView1<f64>| {
        let deviation = column.std(0.0);
        [column.mean().unwrap_or(0.0), if deviation > 0.0 { deviation } else { 1.0 }]
    };
    columns.map(unit).collect()
}

/// Inputs as units: as they are for binary ones, standardised for Gaussian ones.
fn rows<S: Logistic>(
    data: &Dataset,
    visible: Visible,
    units: &[[f64; 2]],
) -> Result<Rows<S>, TrainError> {
    let columns = data.inputs.ncols();
    let numbers: Vec<f64> = match visible {
        Visible::Binary => {
            if let Some(found) = data.inputs.iter().find(|x| !(0.0..=1.0).contains(*x)) {
                let expected = "numbers from 0 to 1 for binary units, or rbm.visible = 'gaussian'";
                return Err(TrainError::key("data", format!("an input {found}"), expected));
            }
            data.inputs.iter().copied().collect()
        }
        Visible::Gaussian => {
            let row = |row: ndarray::ArrayView1<f64>| {
                let pairs = row.iter().zip(units);
                pairs.map(|(x, [mean, deviation])| (x - mean) / deviation).collect::<Vec<f64>>()
            };
            data.inputs.rows().into_iter().flat_map(row).collect()
        }
    };
    Ok(Rows::of_numbers(&numbers, columns))
}
