//! From the arguments that several commands share to options.

use std::time::Duration;

use anyhow::{Context, ensure};
use taut::control::Limits;
use taut::optimize::{KnownPoint, OptimizeOptions};
use taut::scale::{SCALINGS, Scaling};
use taut::solve::{BACKENDS, Preset, SolveOptions};
use taut::tighten::{TightenOptions, Tightening};

use super::args::{SettingsArgs, Switch};
use super::{problem, progress};

/// The options of a solve; encoding, bounds and scaling are the defaults.
pub fn options(
    args: &SettingsArgs,
    tighten_time: Option<f64>,
    time_limit: Option<Duration>,
) -> anyhow::Result<OptimizeOptions> {
    // clap has checked the names against the same lists.
    let backend = BACKENDS.iter().copied().find(|s| s.name() == args.backend);
    let preset = Preset::ALL.into_iter().find(|p| p.name() == args.preset);
    let known_point = KnownPoint::ALL.into_iter().find(|k| k.name() == args.known_point);
    let threads = threads(args.threads)?;
    Ok(OptimizeOptions {
        backend: backend.context("unknown backend")?,
        known_point: known_point.context("unknown use of the known point")?,
        tightening: TightenOptions {
            threads,
            seed: args.seed,
            limits: progress::limits(problem::tighten_time(tighten_time)?),
            ..TightenOptions::default()
        },
        solve: SolveOptions {
            relative_gap: args.gap,
            absolute_gap: args.absolute_gap,
            threads,
            seed: args.seed,
            preset: preset.context("unknown preset")?,
            presolve: args.presolve == Switch::On,
            ..SolveOptions::default()
        },
        limits: Limits { nodes: args.node_limit, ..progress::limits(time_limit) },
        ..OptimizeOptions::default()
    })
}

/// The number given, within the limits of a solve, or that of the cores.
pub fn threads(given: Option<usize>) -> anyhow::Result<usize> {
    let Some(threads) = given else {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from));
    };
    SolveOptions { threads, ..SolveOptions::default() }.validate()?;
    Ok(threads)
}

/// Most points, segments or seeds: more of them than anybody waits for, and fewer than fill
/// the memory.
const MOST: usize = 1 << 20;

/// A count that memory or time is taken for, with its unit.
pub fn count(name: &str, found: usize, least: usize, unit: &str) -> anyhow::Result<usize> {
    ensure!(
        (least..=MOST).contains(&found),
        "{name} is {found}; expected {least} to {MOST} {unit}"
    );
    Ok(found)
}

/// The method of bounds of that name.
pub fn tightening(name: &str) -> anyhow::Result<Tightening> {
    Tightening::all().into_iter().find(|t| t.name() == name).context("unknown bounds")
}

/// The scaling of that name; `None` for `none`.
pub fn scaling(name: &str) -> Option<&'static dyn Scaling> {
    SCALINGS.iter().copied().find(|s| s.name() == name)
}
