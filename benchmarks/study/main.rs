//! What training and formulation do to the time of a proof: the study of Plate et al. (2025) again,
//! with this project's networks, and each of its findings as a claim with figures and intervals.
//!
//! `make study` trains the networks, runs the suites `training.toml` and `tightening.toml` and
//! calls this with the folders of their records. It writes a page (Markdown) with the figures in
//! it, and the properties of the networks as CSV.

mod claims;
mod effects;
mod networks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use taut::bench::{Record, contradictions, read_folder};
use taut::plot::{Chart, Scale, Series, Style};

use crate::claims::{Evidence, claims, signed, text};
use crate::effects::{Effect, Figures, effects, times, work};
use crate::networks::{Name, Studied};

/// The folder of the suites, which records name instances by.
const SUITES: &str = "benchmarks";

/// Variants of the suite of levers.
const VARIANTS: [&str; 2] = ["milp", "search"];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [training, formulations, page, figures] = &arguments[..] else {
        bail!(
            "expected: TRAINING FORMULATIONS PAGE FIGURES, two folders of records and two outputs"
        );
    };
    let [training, formulations] = [read_folder(training)?, read_folder(formulations)?];
    let [levers, programs] = [named(&training)?, named(&formulations)?];
    let networks = studied(levers.iter().chain(&programs))?;
    let [lever_times, program_times] = [times(&levers), times(&programs)];
    let lever_work = work(&levers);
    let effects = effects(&networks, &lever_times, &lever_work, VARIANTS);
    let evidence = Evidence {
        networks: &networks,
        times: [&lever_times, &program_times],
        work: &lever_work,
        effects: &effects,
        records: &levers,
        variants: VARIANTS,
    };
    fs::create_dir_all(figures).with_context(|| figures.display().to_string())?;
    for (name, chart) in [
        ("trade-off.svg", trade_off(&networks, &lever_times, VARIANTS[0], "time of the program")),
        (
            "trade-off-search.svg",
            trade_off(&networks, &lever_work, VARIANTS[1], "parts of the search"),
        ),
        ("growth.svg", growth(&networks)),
        ("regions.svg", against_regions(&networks, &lever_times)),
    ] {
        taut::plot::write(&figures.join(name), &chart.picture(None))?;
    }
    fs::write(figures.join("networks.csv"), table(&networks, &lever_times))?;
    let mut contradictory = contradictions(&training);
    contradictory.extend(contradictions(&formulations));
    let counts = [training.len(), formulations.len(), networks.len(), contradictory.len()];
    fs::write(page, written(&evidence, counts, [&training, &formulations]))?;
    Ok(())
}

/// Records with the networks that they are about.
fn named(records: &[Record]) -> anyhow::Result<Vec<(Name, &Record)>> {
    records.iter().map(|record| Ok((Name::of(Path::new(&record.instance))?, record))).collect()
}

/// Every network that has a record.
fn studied<'a>(
    records: impl Iterator<Item = &'a (Name, &'a Record)>,
) -> anyhow::Result<BTreeMap<Name, Studied>> {
    let files: BTreeMap<&Name, PathBuf> =
        records.map(|(name, record)| (name, Path::new(SUITES).join(&record.instance))).collect();
    let mut networks = BTreeMap::new();
    for (place, (name, file)) in files.iter().enumerate() {
        eprint!("\r{} of {} networks", place + 1, files.len());
        let network = Studied::read(file).with_context(|| file.display().to_string())?;
        networks.insert((*name).clone(), network);
    }
    eprintln!();
    Ok(networks)
}

/// The page.
fn written(evidence: &Evidence<'_>, counts: [usize; 4], records: [&[Record]; 2]) -> String {
    let [training, formulations, networks, contradictory] = counts;
    let machines: BTreeSet<String> =
        records.iter().flat_map(|r| r.iter()).map(|record| record.machine.in_words()).collect();
    let limit = records[0].first().and_then(|record| record.limit_seconds).unwrap_or_default();
    let open = records[0].iter().filter(|record| !record.outcome.is_solved()).count();
    let mut lines = String::new();
    for claim in claims(evidence) {
        let _ =
            writeln!(lines, "### {}: {}\n\n{}\n", claim.name, claim.verdict.name(), claim.words);
        for figure in claim.figures {
            let _ = writeln!(lines, "- {figure}");
        }
        lines.push('\n');
    }
    let errors = claims::errors(evidence);
    let errors: Vec<String> =
        errors.iter().map(|(name, error)| format!("{name} {}", text(*error))).collect();
    include_str!("page.md")
        .replace("{{networks}}", &networks.to_string())
        .replace("{{training}}", &training.to_string())
        .replace("{{formulations}}", &formulations.to_string())
        .replace("{{contradictory}}", &contradictory.to_string())
        .replace("{{machines}}", &machines.into_iter().collect::<Vec<_>>().join("; "))
        .replace("{{load}}", &load(records))
        .replace("{{limit}}", &limit.to_string())
        .replace("{{open}}", &open.to_string())
        .replace("{{errors}}", &errors.join(", "))
        .replace("{{levers}}", &levers(evidence.effects))
        .replace("{{claims}}", lines.trim_end())
}

/// How busy the machine was before the runs.
fn load(records: [&[Record]; 2]) -> String {
    let loads: Vec<f64> =
        records.iter().flat_map(|r| r.iter()).filter_map(|record| record.load[0]).collect();
    let median = taut::num::statistics::median(loads.iter().copied()).unwrap_or_default();
    format!("{median:.1}")
}

/// What levers do, a row a strength.
fn levers(effects: &[Effect]) -> String {
    let mut rows = String::from(
        "| lever | strength | pairs | error × | regions × | stable share | program × | its simplex iterations × | search × | its parts × |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    for effect in effects {
        let _ = writeln!(
            rows,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            effect.lever,
            effect.strength,
            effect.pairs,
            text(effect.error),
            text(effect.regions),
            signed(effect.stable),
            text(effect.times[0]),
            text(effect.work[0]),
            text(effect.times[1]),
            text(effect.work[1])
        );
    }
    rows.trim_end().to_string()
}

/// Properties and times of the networks, one a line.
fn table(networks: &BTreeMap<Name, Studied>, times: &Figures) -> String {
    let mut text = String::from(
        "function,depth,width,lever,strength,seed,test_rmse,regions,stable_interval,stable_crown,\
         stable_lp,big_m_sum,big_m_sum_balanced,milp_seconds,search_seconds\n",
    );
    for network in networks.values() {
        let Studied { name, error, regions, scaled, .. } = network;
        let time = |variant: &str| {
            let time = times.get(&(variant.to_string(), name.clone()));
            time.map(|time| format!("{time:.4}")).unwrap_or_default()
        };
        let stable = [0, 1, 2].map(|method| format!("{:.3}", network.stable(method))).join(",");
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{error},{regions},{stable},{:.3},{:.3},{},{}",
            name.function,
            name.depth,
            name.width,
            name.lever,
            name.strength,
            name.seed,
            scaled[0],
            scaled[1],
            time(VARIANTS[0]),
            time(VARIANTS[1])
        );
    }
    text
}

fn by_lever(
    networks: &BTreeMap<Name, Studied>,
    point: impl Fn(&Studied) -> Option<[f64; 2]>,
) -> Vec<Series> {
    let mut levers: BTreeMap<&str, Vec<[f64; 2]>> = BTreeMap::new();
    for network in networks.values() {
        if let Some(point) = point(network) {
            levers.entry(&network.name.lever).or_default().push(point);
        }
    }
    let series = levers.into_iter();
    series
        .map(|(name, points)| Series { name: name.to_string(), style: Style::Dots, points })
        .collect()
}

/// Error of the network beside time or work, both relative to the plain network.
fn trade_off(
    networks: &BTreeMap<Name, Studied>,
    figures: &Figures,
    variant: &str,
    what: &str,
) -> Chart {
    let point = |network: &Studied| {
        let plain = networks.get(&network.name.plain())?;
        let figure = |of: &Studied| figures.get(&(variant.to_string(), of.name.clone()));
        Some([network.error / plain.error, figure(network)? / figure(plain)?])
    };
    Chart {
        title: format!("Error against {what}, relative to the plain network"),
        axes: [
            Scale::logarithmic("test error, relative"),
            Scale::logarithmic(format!("{what}, relative")),
        ],
        series: by_lever(networks, point).into_iter().filter(|s| s.name != "plain").collect(),
        guides: vec![[[0.1, 1.0], [100.0, 1.0]]],
    }
}

/// The greatest big-M of each layer of the deepest plain networks, by method.
fn growth(networks: &BTreeMap<Name, Studied>) -> Chart {
    let deep: Vec<&Studied> =
        networks.values().filter(|n| n.name.lever == "plain" && n.name.depth == 4).collect();
    let series = networks::TIGHTENINGS.iter().enumerate().map(|(method, name)| {
        let mean = |layer| {
            effects::geometric(&deep.iter().map(|n| n.big_m(method, layer)).collect::<Vec<_>>())
        };
        let points =
            (0..4).filter_map(|layer| Some([layer as f64 + 1.0, mean(layer)?.value])).collect();
        Series { name: (*name).to_string(), style: Style::Line, points }
    });
    Chart {
        title: "Greatest big-M by layer, 4 hidden layers".to_string(),
        axes: [Scale::whole("layer"), Scale::logarithmic("greatest big-M, geometric mean")],
        series: series.collect(),
        guides: Vec::new(),
    }
}

fn against_regions(networks: &BTreeMap<Name, Studied>, times: &Figures) -> Chart {
    let point = |network: &Studied| {
        let time = times.get(&(VARIANTS[0].to_string(), network.name.clone()))?;
        Some([network.regions, *time])
    };
    Chart {
        title: "Time of the program against linear regions".to_string(),
        axes: [
            Scale::logarithmic("linear regions"),
            Scale::logarithmic("seconds of processor time"),
        ],
        series: by_lever(networks, point),
        guides: Vec::new(),
    }
}
