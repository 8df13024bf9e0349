//! Effects: how a figure of networks with a lever differs from that of the plain networks of the
//! same function and training seed, with an interval over these.

use std::collections::BTreeMap;

use taut::bench::{Measure, Record};
use taut::num::statistics::{Estimate, bootstrap, mean};

use crate::networks::{Name, Studied};

/// The unit in which the system counts time of processors, in seconds.
const TICK: f64 = 0.01;

/// A lever at a strength, and what it does.
pub struct Effect {
    /// What was done in training.
    pub lever: String,
    /// How strongly.
    pub strength: String,
    /// Pairs of networks behind the figures.
    pub pairs: usize,
    /// Test error, relative to that of the plain network.
    pub error: Option<Estimate>,
    /// Number of regions, likewise.
    pub regions: Option<Estimate>,
    /// Difference of the shares of stable neurons, by CROWN bounds.
    pub stable: Option<Estimate>,
    /// Times of the variants, likewise.
    pub times: [Option<Estimate>; 2],
    /// Their work, likewise: simplex iterations of the program, parts of the search, which are the
    /// same however busy the machine was.
    pub work: [Option<Estimate>; 2],
}

/// A figure of runs: geometric mean over the solver seeds, by variant and network.
pub type Figures = BTreeMap<(String, Name), f64>;

/// Seconds; runs that were not solved count as their limit. Programs by the time of processors;
/// searches by their own clock, since the system counts processors in hundredths of a second.
pub fn times(records: &[(Name, &Record)]) -> Figures {
    figures(records, |record| {
        let (measure, least) =
            if is_search(record) { (Measure::Own, 1e-4) } else { (Measure::Cpu, TICK) };
        Some(measure.of(record, 1.0).max(least))
    })
}

/// Simplex iterations of programs, parts of searches; up to the limit where a run was not solved.
pub fn work(records: &[(Name, &Record)]) -> Figures {
    figures(records, |record| {
        let key = if is_search(record) { "/nodes" } else { "/lp_iterations" };
        Some(record.told::<f64>(key)?.max(1.0))
    })
}

fn is_search(record: &Record) -> bool {
    record.told::<String>("/solver").is_some_and(|solver| solver == "search")
}

fn figures(records: &[(Name, &Record)], of: impl Fn(&Record) -> Option<f64>) -> Figures {
    let mut logarithms: BTreeMap<(String, Name), Vec<f64>> = BTreeMap::new();
    for (name, record) in records {
        if let Some(figure) = of(record) {
            let key = (record.variant.clone(), name.clone());
            logarithms.entry(key).or_default().push(figure.ln());
        }
    }
    logarithms.into_iter().filter_map(|(key, logs)| Some((key, mean(logs)?.exp()))).collect()
}

/// Geometric mean of positive figures, with its interval.
pub fn geometric(figures: &[f64]) -> Option<Estimate> {
    average(&figures.iter().map(|figure| figure.ln()).collect::<Vec<_>>()).map(|estimate| {
        Estimate { value: estimate.value.exp(), low: estimate.low.exp(), high: estimate.high.exp() }
    })
}

/// Mean of figures, with its interval.
pub fn average(figures: &[f64]) -> Option<Estimate> {
    bootstrap(figures.len(), |drawn| mean(drawn.iter().map(|&place| figures[place])))
}

/// What each lever does at each strength, for networks of one size.
pub fn effects(
    networks: &BTreeMap<Name, Studied>,
    times: &Figures,
    work: &Figures,
    variants: [&str; 2],
) -> Vec<Effect> {
    let mut levers: Vec<(String, String)> = Vec::new();
    for name in networks.keys().filter(|name| name.lever != "plain") {
        let lever = (name.lever.clone(), name.strength.clone());
        if !levers.contains(&lever) {
            levers.push(lever);
        }
    }
    // By strength, not by its text.
    let strength = |text: &String| text.parse::<f64>().unwrap_or_default();
    levers.sort_by(|a, b| a.0.cmp(&b.0).then(strength(&a.1).total_cmp(&strength(&b.1))));
    let effect = |(lever, strength): (String, String)| {
        let with: Vec<(&Studied, &Studied)> = networks
            .values()
            .filter(|network| network.name.lever == lever && network.name.strength == strength)
            .filter_map(|network| Some((network, networks.get(&network.name.plain())?)))
            .collect();
        let ratio = |of: &dyn Fn(&Studied) -> f64| {
            geometric(&with.iter().map(|(a, b)| of(a) / of(b)).collect::<Vec<_>>())
        };
        let stable: Vec<f64> = with.iter().map(|(a, b)| a.stable(1) - b.stable(1)).collect();
        let figure = |figures: &Figures, variant: &str| {
            let of = |network: &Studied| figures.get(&(variant.to_string(), network.name.clone()));
            let ratios = with.iter().filter_map(|(a, b)| Some(of(a)? / of(b)?));
            geometric(&ratios.collect::<Vec<_>>())
        };
        Effect {
            pairs: with.len(),
            error: ratio(&|network| network.error),
            regions: ratio(&|network| network.regions),
            stable: average(&stable),
            times: variants.map(|variant| figure(times, variant)),
            work: variants.map(|variant| figure(work, variant)),
            lever,
            strength,
        }
    };
    levers.into_iter().map(effect).collect()
}
