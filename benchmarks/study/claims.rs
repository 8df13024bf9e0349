//! The claims H1 to H7 about what makes programs with ReLU networks easy, each with the figures
//! that decide it and the verdict that follows from their intervals.

use std::collections::BTreeMap;

use taut::bench::Record;
use taut::num::statistics::{Estimate, spearman_estimate};

use crate::effects::{Effect, Figures, average, geometric};
use crate::networks::{Name, Studied};

/// What the figures say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every interval lies where the claim says.
    Holds,
    /// An interval lies on the other side.
    Fails,
    /// An interval has both sides in it.
    Undecided,
}

/// A claim, its figures and its verdict.
pub struct Claim {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub words: &'static str,
    /// A figure a line.
    pub figures: Vec<String>,
    /// What they say.
    pub verdict: Verdict,
}

/// All that the claims are decided by.
pub struct Evidence<'a> {
    /// The networks.
    pub networks: &'a BTreeMap<Name, Studied>,
    /// Figures of the runs of levers, and of those of bounds and scalings.
    pub times: [&'a Figures; 2],
    /// Work of the runs of levers.
    pub work: &'a Figures,
    /// What levers do.
    pub effects: &'a [Effect],
    /// The runs of levers.
    pub records: &'a [(Name, &'a Record)],
    /// Their variants: the program, and the search.
    pub variants: [&'a str; 2],
}

impl Verdict {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "does not hold",
            Self::Undecided => "undecided",
        }
    }

    /// Whether a figure is above (or below) a limit, for sure.
    fn of(figure: Option<Estimate>, limit: f64, is_above: bool) -> Self {
        match figure {
            None => Self::Undecided,
            Some(f) if f.low > limit => {
                if is_above {
                    Self::Holds
                } else {
                    Self::Fails
                }
            }
            Some(f) if f.high < limit => {
                if is_above {
                    Self::Fails
                } else {
                    Self::Holds
                }
            }
            Some(_) => Self::Undecided,
        }
    }

    /// That of several figures, which all have to say the same.
    fn all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let verdicts: Vec<Self> = verdicts.into_iter().collect();
        match () {
            () if verdicts.contains(&Self::Fails) => Self::Fails,
            () if verdicts.is_empty() || verdicts.contains(&Self::Undecided) => Self::Undecided,
            () => Self::Holds,
        }
    }
}

/// A figure and its interval.
pub fn text(figure: Option<Estimate>) -> String {
    told(figure, |number| {
        let decimals = match number.abs() {
            size if size >= 100.0 => 0,
            size if size >= 10.0 => 1,
            size if size >= 0.1 => 2,
            _ => 3,
        };
        format!("{number:.decimals$}")
    })
}

/// A difference and its interval.
pub fn signed(figure: Option<Estimate>) -> String {
    told(figure, |number| format!("{number:+.2}"))
}

fn told(figure: Option<Estimate>, digits: impl Fn(f64) -> String) -> String {
    figure.map_or("–".to_string(), |Estimate { value, low, high }| {
        format!("{} [{}, {}]", digits(value), digits(low), digits(high))
    })
}

/// All claims.
pub fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    vec![
        growth(evidence),
        tightening(evidence),
        scaling(evidence),
        penalties(evidence),
        dropout(evidence),
        clipping(evidence),
        trade_off(evidence),
    ]
}

impl Evidence<'_> {
    fn plain(&self) -> impl Iterator<Item = &Studied> {
        self.networks.values().filter(|network| network.name.lever == "plain")
    }

    /// Ratios of the times of two variants over the networks that have both.
    fn against(&self, slower: &str, faster: &str) -> Option<Estimate> {
        let times = self.times[1];
        let pairs = times.iter().filter(|((variant, _), _)| variant == slower);
        let ratios = pairs.filter_map(|((_, name), time)| {
            Some(time / times.get(&(faster.to_string(), name.clone()))?)
        });
        geometric(&ratios.collect::<Vec<_>>())
    }
}

fn growth(evidence: &Evidence<'_>) -> Claim {
    let step = |layer: usize| {
        let deep = evidence.plain().filter(|network| network.name.depth > layer);
        geometric(&deep.map(|n| n.big_m(0, layer) / n.big_m(0, layer - 1)).collect::<Vec<_>>())
    };
    let steps: Vec<Option<Estimate>> = (1..4).map(step).collect();
    let figure = |(place, step): (usize, &Option<Estimate>)| {
        format!("layer {} to {}: × {}", place + 1, place + 2, text(*step))
    };
    Claim {
        name: "H1",
        words: "Under interval bounds the greatest big-M grows about geometrically with depth.",
        figures: steps.iter().enumerate().map(figure).collect(),
        verdict: Verdict::all(steps.iter().map(|step| Verdict::of(*step, 1.0, true))),
    }
}

fn tightening(evidence: &Evidence<'_>) -> Claim {
    let deep: Vec<&Studied> = evidence.plain().filter(|network| network.name.depth == 4).collect();
    let factor = |network: &Studied, layer| network.big_m(0, layer) / network.big_m(2, layer);
    let of_layer = |layer: usize| {
        geometric(&deep.iter().map(|network| factor(network, layer)).collect::<Vec<_>>())
    };
    let growth = deep.iter().map(|n| factor(n, 3) / factor(n, 1)).collect::<Vec<_>>();
    let growth = geometric(&growth);
    let mut figures: Vec<String> = (0..4)
        .map(|layer| format!("layer {}: interval / LP = {}", layer + 1, text(of_layer(layer))))
        .collect();
    figures.push(format!("the factor of layer 4 relative to that of layer 2: {}", text(growth)));
    for (slower, faster) in [("interval", "crown"), ("interval", "lp"), ("crown", "lp")] {
        let name = |tighten| format!("scale=none tighten={tighten}");
        let ratio = evidence.against(&name(slower), &name(faster));
        figures
            .push(format!("time of the program on {slower} / on {faster} bounds: {}", text(ratio)));
    }
    Claim {
        name: "H2",
        words: "Tightening by linear programs cuts big-M by a factor that grows with depth.",
        figures,
        verdict: Verdict::of(growth, 1.0, true),
    }
}

fn scaling(evidence: &Evidence<'_>) -> Claim {
    let plain: Vec<&Studied> = evidence.plain().collect();
    let cut = geometric(&plain.iter().map(|n| n.scaled[0] / n.scaled[1]).collect::<Vec<_>>());
    let moved = plain.iter().filter(|network| network.regions != network.scaled_regions).count();
    let mut figures = vec![
        format!("sum of big-M before / after: {}", text(cut)),
        format!("networks whose number of regions changed: {moved} of {}", plain.len()),
    ];
    for tighten in ["interval", "crown", "lp"] {
        let name = |scale| format!("scale={scale} tighten={tighten}");
        let ratio = evidence.against(&name("none"), &name("balance"));
        figures.push(format!("time without / with it, {tighten} bounds: {}", text(ratio)));
    }
    let kept = if moved == 0 { Verdict::Holds } else { Verdict::Fails };
    Claim {
        name: "H3",
        words: "Scaling cuts the sum of big-M and leaves the function and its regions as they are.",
        figures,
        verdict: Verdict::all([Verdict::of(cut, 1.0, true), kept]),
    }
}

/// The figures of a lever at its greatest strength; the others stand in the table.
fn of_lever(evidence: &Evidence<'_>, lever: &str) -> Vec<String> {
    let line = |effect: &Effect| {
        format!(
            "{lever} {}: error × {}, regions × {}, stable share {}, program × {}, parts of the \
             search × {}",
            effect.strength,
            text(effect.error),
            text(effect.regions),
            signed(effect.stable),
            text(effect.times[0]),
            text(effect.work[1])
        )
    };
    strongest(evidence, lever).into_iter().map(line).collect()
}

/// Effects stand by strength; a ceiling is the stronger the lower it is.
fn strongest<'a>(evidence: &'a Evidence<'_>, lever: &str) -> Option<&'a Effect> {
    let mut effects = evidence.effects.iter().filter(|effect| effect.lever == lever);
    if lever == "clipped" { effects.next() } else { effects.next_back() }
}

fn penalties(evidence: &Evidence<'_>) -> Claim {
    let verdict = |lever| {
        strongest(evidence, lever).map_or(Verdict::Undecided, |effect| {
            Verdict::all([
                Verdict::of(effect.regions, 1.0, false),
                Verdict::of(effect.stable, 0.0, true),
                Verdict::of(effect.times[0], 1.0, false),
            ])
        })
    };
    let levers = ["l1", "l2"];
    Claim {
        name: "H4",
        words: "Stronger L1 or L2 penalties: fewer regions, more stable neurons, less time.",
        figures: levers.iter().flat_map(|lever| of_lever(evidence, lever)).collect(),
        verdict: Verdict::all(levers.map(verdict)),
    }
}

fn dropout(evidence: &Evidence<'_>) -> Claim {
    let verdict = strongest(evidence, "dropout").map_or(Verdict::Undecided, |effect| {
        let signs = [
            Verdict::of(effect.regions, 1.0, false),
            Verdict::of(effect.stable, 0.0, true),
            Verdict::of(effect.times[0], 1.0, false),
        ];
        match Verdict::all(signs) {
            Verdict::Holds => Verdict::Fails,
            Verdict::Fails => Verdict::Holds,
            Verdict::Undecided => Verdict::Undecided,
        }
    });
    let mut figures = of_lever(evidence, "dropout");
    let faster =
        strongest(evidence, "dropout").map(|effect| Verdict::of(effect.times[0], 1.0, false));
    if verdict == Verdict::Holds && faster == Some(Verdict::Holds) {
        let remark = "the program is faster all the same, which neither regions nor stable neurons explain: see the error";
        figures.push(remark.to_string());
    }
    Claim {
        name: "H5",
        words: "Dropout does not do all that H4 says of penalties: regions, stable neurons and time.",
        figures,
        verdict,
    }
}

fn clipping(evidence: &Evidence<'_>) -> Claim {
    let clipped = evidence.networks.values().filter(|network| network.name.lever == "clipped");
    let pairs: Vec<(&Studied, &Studied)> =
        clipped.filter_map(|n| Some((n, evidence.networks.get(&n.name.plain())?))).collect();
    let last = |network: &Studied| network.big_m(0, network.name.depth - 1);
    let big_m = geometric(&pairs.iter().map(|(a, b)| last(a) / last(b)).collect::<Vec<_>>());
    let binaries: BTreeMap<&Name, f64> = (evidence.records.iter())
        .filter(|(_, record)| record.variant == evidence.variants[0])
        .filter_map(|(name, record)| Some((name, record.told("/model/binaries")?)))
        .collect();
    let ratios = pairs
        .iter()
        .filter_map(|(a, b)| Some(binaries.get(&a.name)? / binaries.get(&b.name)?))
        .collect::<Vec<_>>();
    let more = geometric(&ratios);
    let mut figures = vec![
        format!(
            "greatest big-M of the last layer, clipped / plain, interval bounds: {}",
            text(big_m)
        ),
        format!("binaries, clipped / plain: {}", text(more)),
    ];
    figures.extend(of_lever(evidence, "clipped"));
    Claim {
        name: "H6",
        words: "Clipped ReLU bounds big-M at the price of more binaries.",
        figures,
        verdict: Verdict::all([Verdict::of(big_m, 1.0, false), Verdict::of(more, 1.0, true)]),
    }
}

fn trade_off(evidence: &Evidence<'_>) -> Claim {
    let mut figures = Vec::new();
    let mut verdicts = Vec::new();
    for (place, variant) in evidence.variants.into_iter().enumerate() {
        let pairs = |of: &dyn Fn(&Studied) -> f64| -> Option<Estimate> {
            let networks = evidence.networks.values();
            // Times of the search are hardly longer than its start.
            let figures = if place == 0 { evidence.times[0] } else { evidence.work };
            let time = |n: &Studied| figures.get(&(variant.to_string(), n.name.clone()));
            let pairs = networks.filter_map(|network| Some([of(network), *time(network)?]));
            spearman_estimate(&pairs.collect::<Vec<_>>())
        };
        let regions = pairs(&|network| network.regions);
        let stable = pairs(&|network| network.stable(1));
        let error = pairs(&|network| network.error);
        let what = ["time of the program", "parts of the search"][place];
        figures.push(format!(
            "Spearman of the {what} with regions {}, with the stable share {}, with the error {}",
            text(regions),
            text(stable),
            text(error)
        ));
        if place == 0 {
            verdicts = vec![Verdict::of(regions, 0.0, true), Verdict::of(stable, 0.0, false)];
        }
    }
    Claim {
        name: "H7",
        words: "Time of the program goes with the number of regions, and against the share of stable neurons.",
        figures,
        verdict: Verdict::all(verdicts),
    }
}

/// Means of the errors of plain networks, by function.
pub fn errors(evidence: &Evidence<'_>) -> Vec<(String, Option<Estimate>)> {
    let mut errors: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for network in evidence.plain() {
        errors.entry(&network.name.function).or_default().push(network.error);
    }
    errors.into_iter().map(|(name, errors)| (name.to_string(), average(&errors))).collect()
}
