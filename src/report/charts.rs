//! The figures of a report.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use super::correlation::layers;
use crate::bench::{Measure, Record, case};
use crate::num::statistics::shifted_geometric_mean;
use crate::plot::{Chart, Scale, Series, Style};

/// A figure of a report.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Name of its files.
    pub name: String,
    /// What a reader has to know to read it.
    pub caption: String,
    /// The picture.
    pub chart: Chart,
}

/// Times below this, in seconds, are shown as this: a process does not start faster.
const LEAST_SECONDS: f64 = 1e-3;

/// Most variants in a figure that is drawn with dots or has a line each.
const MOST_VARIANTS: usize = 14;

/// Most figures of times against properties.
const MOST_PROPERTIES: usize = 6;

/// All figures that the records of a report have something for.
pub fn figures(report: &Report) -> Vec<Figure> {
    let mut figures = vec![profile(report), cactus(report)];
    figures.extend(gaps(report));
    figures.extend(scatter(report));
    figures.extend(bounds_over_time(report));
    figures.extend(growth(report));
    figures.extend(properties(report));
    figures
}

/// The variants that are drawn, the best first.
fn variants(report: &Report) -> impl Iterator<Item = &str> {
    report.variants.iter().take(MOST_VARIANTS).map(|summary| summary.variant.as_str())
}

fn seconds(measure: Measure) -> &'static str {
    match measure {
        Measure::Wall => "seconds",
        Measure::Cpu => "seconds of processor time",
        Measure::Own => "seconds, as programs tell",
    }
}

/// Numbers from the least on, each against how many there are up to it.
fn ranked(name: &str, numbers: impl Iterator<Item = f64>) -> Series {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    let points = numbers.iter().enumerate().map(|(place, &number)| [(place + 1) as f64, number]);
    Series { name: name.to_string(), style: Style::Line, points: points.collect() }
}

/// The greatest limit of a run.
fn limit(report: &Report) -> f64 {
    report
        .records
        .iter()
        .map(|record| record.limit_seconds.unwrap_or(record.seconds))
        .fold(LEAST_SECONDS, f64::max)
}

/// Dolan and Moré, "Benchmarking optimization software with performance profiles" (2002).
fn profile(report: &Report) -> Figure {
    let mut best: BTreeMap<(&str, u64), f64> = BTreeMap::new();
    for record in report.records.iter().filter(|record| record.outcome.is_solved()) {
        let time = report.measure.of(record, 1.0).max(LEAST_SECONDS);
        let best = best.entry(case(record)).or_insert(f64::INFINITY);
        *best = best.min(time);
    }
    let cases: BTreeSet<(&str, u64)> = report.records.iter().map(case).collect();
    let mut greatest: f64 = 2.0;
    let mut lines: Vec<(String, Vec<f64>)> = Vec::new();
    for variant in variants(report) {
        let solved = report.of_variant(variant).filter(|record| record.outcome.is_solved());
        let ratio = |record: &Record| {
            Some(report.measure.of(record, 1.0).max(LEAST_SECONDS) / best.get(&case(record))?)
        };
        let mut ratios: Vec<f64> = solved.filter_map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        greatest = ratios.last().copied().unwrap_or(1.0).max(greatest);
        lines.push((variant.to_string(), ratios));
    }
    let count = cases.len().max(1) as f64;
    let series = lines.into_iter().map(|(name, ratios)| {
        // Of equal ratios, all cases count at once.
        let shares =
            ratios.iter().enumerate().map(|(place, &ratio)| [ratio, (place + 1) as f64 / count]);
        let last = ratios.len() as f64 / count;
        let points = [[1.0, 0.0]].into_iter().chain(shares).chain([[greatest, last]]).collect();
        Series { name, style: Style::Stairs, points }
    });
    Figure {
        name: "profile".to_string(),
        caption: "Share of the cases that a variant solves within so many times the time of the \
                  fastest variant."
            .to_string(),
        chart: Chart {
            title: "Performance profile".to_string(),
            axes: [
                Scale::logarithmic("time, relative to the fastest variant"),
                Scale::linear("share of the cases").holding([0.0, 1.0]),
            ],
            series: series.collect(),
            guides: Vec::new(),
        },
    }
}

fn cactus(report: &Report) -> Figure {
    let series = variants(report).map(|variant| {
        let solved = report.of_variant(variant).filter(|record| record.outcome.is_solved());
        ranked(variant, solved.map(|record| report.measure.of(record, 1.0).max(LEAST_SECONDS)))
    });
    let series: Vec<Series> = series.collect();
    let most = series.iter().map(|series| series.points.len()).max().unwrap_or(1) as f64;
    let limit = limit(report);
    Figure {
        name: "cactus".to_string(),
        caption: "Runs that a variant solves, each within the time on the left; the dashed line \
                  is the limit."
            .to_string(),
        chart: Chart {
            title: "Solved runs against time".to_string(),
            axes: [
                Scale::whole("runs solved").holding([0.0, most]),
                Scale::logarithmic(seconds(report.measure)).holding([limit]),
            ],
            series,
            guides: vec![[[0.0, limit], [most, limit]]],
        },
    }
}

fn gaps(report: &Report) -> Option<Figure> {
    let of = |variant: &str| {
        let open = report.of_variant(variant).filter(|record| !record.outcome.is_solved());
        ranked(variant, open.map(Record::gap).filter(|gap| gap.is_finite()))
    };
    let series: Vec<Series> =
        variants(report).map(of).filter(|series| !series.points.is_empty()).collect();
    (!series.is_empty()).then(|| Figure {
        name: "gaps".to_string(),
        caption: "Relative gaps between value and bound of the runs that were not solved, the \
                  least first."
            .to_string(),
        chart: Chart {
            title: "Gap at the limit".to_string(),
            axes: [
                Scale::whole("runs not solved").holding([0.0]),
                Scale::logarithmic("relative gap"),
            ],
            series,
            guides: Vec::new(),
        },
    })
}

/// The two best variants, case by case.
fn scatter(report: &Report) -> Option<Figure> {
    let [first, second, ..] = &report.variants[..] else { return None };
    scatter_of(report, &second.variant, &first.variant)
}

/// Times of two variants, case by case; none where they share no case.
fn scatter_of(report: &Report, x: &str, y: &str) -> Option<Figure> {
    let time = |record: &Record| report.measure.of(record, 1.0).max(LEAST_SECONDS);
    let times: BTreeMap<(&str, u64), f64> =
        report.of_variant(x).map(|record| (case(record), time(record))).collect();
    let pair = |record: &Record| Some([*times.get(&case(record))?, time(record)]);
    let points: Vec<[f64; 2]> = report.of_variant(y).filter_map(pair).collect();
    let limit = limit(report);
    let ends = points.iter().flatten().fold(limit, |least, &time| least.min(time));
    (!points.is_empty()).then(|| Figure {
        name: "scatter".to_string(),
        caption: format!(
            "A dot a case. On the diagonal both take the same time; below it, {y} is faster. What \
             was not solved lies on the dashed line of the limit."
        ),
        chart: Chart {
            title: format!("{y} against {x}"),
            axes: [x, y].map(|name| {
                Scale::logarithmic(format!("{name}: {}", seconds(report.measure)))
                    .holding([ends, limit])
            }),
            series: vec![Series { name: String::new(), style: Style::Dots, points }],
            guides: vec![
                [[ends, ends], [limit, limit]],
                [[ends, limit], [limit, limit]],
                [[limit, ends], [limit, limit]],
            ],
        },
    })
}

/// How far bounds are from the best value of the case as time goes by, where answers tell of it.
fn bounds_over_time(report: &Report) -> Option<Figure> {
    let mut values: BTreeMap<&str, f64> = BTreeMap::new();
    let signed = |record: &Record, value: f64| match record.sense.as_deref() {
        Some("maximize") => -value,
        _ => value,
    };
    for record in &report.records {
        let known = [record.value, record.reference].into_iter().flatten();
        if let Some(value) = known.map(|value| signed(record, value)).min_by(f64::total_cmp) {
            let best = values.entry(&record.instance).or_insert(f64::INFINITY);
            *best = best.min(value);
        }
    }
    let limit = limit(report);
    let moments: Vec<f64> = (0..=40)
        .map(|k| LEAST_SECONDS * (limit / LEAST_SECONDS).powf(f64::from(k) / 40.0))
        .collect();
    let of = |variant: &str| {
        let histories: Vec<(f64, Vec<[f64; 2]>)> = (report.of_variant(variant))
            .filter_map(|record| {
                let value = *values.get(record.instance.as_str())?;
                let bounds = history(record)?;
                let bounds = bounds.into_iter().map(|[s, bound]| [s, signed(record, bound)]);
                Some((value, bounds.collect()))
            })
            .collect();
        let gap_at = |moment: f64, (value, bounds): &(f64, Vec<[f64; 2]>)| {
            let bound = bounds.iter().rev().find(|[seconds, _]| *seconds <= moment);
            let gap = bound.map_or(1.0, |[_, bound]| (value - bound) / value.abs().max(1.0));
            gap.clamp(1e-6, 1e3)
        };
        let mean_at = |moment: f64| {
            shifted_geometric_mean(histories.iter().map(|history| gap_at(moment, history)), 0.0)
        };
        let points = moments.iter().filter_map(|&moment| Some([moment, mean_at(moment)?]));
        Series { name: variant.to_string(), style: Style::Line, points: points.collect() }
    };
    let series: Vec<Series> =
        variants(report).map(of).filter(|series| !series.points.is_empty()).collect();
    (!series.is_empty()).then(|| Figure {
        name: "bounds".to_string(),
        caption: "Geometric mean of the distance of the bound from the best known value, relative \
                  to it, as time goes by; 1 before there is a bound."
            .to_string(),
        chart: Chart {
            title: "Bound against time".to_string(),
            axes: [Scale::logarithmic("seconds"), Scale::logarithmic("relative distance")],
            series,
            guides: Vec::new(),
        },
    })
}

/// The bounds that an answer tells of: seconds and bound.
fn history(record: &Record) -> Option<Vec<[f64; 2]>> {
    let moments = record.answer.as_ref()?.get("history")?.as_array()?.iter();
    let bounds: Vec<[f64; 2]> = moments
        .filter_map(|moment| Some([moment["seconds"].as_f64()?, moment["bound"].as_f64()?]))
        .collect();
    Some(bounds).filter(|bounds| !bounds.is_empty())
}

/// Geometric means of the greatest big-M of each layer.
fn growth(report: &Report) -> Option<Figure> {
    let of = |variant: &str| {
        let mut sizes: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (layers, _) in report.of_variant(variant).filter_map(layers) {
            for layer in layers.iter().filter(|layer| layer.big_m_max > 0.0) {
                sizes.entry(layer.layer).or_default().push(layer.big_m_max);
            }
        }
        let mean = |(number, sizes): (usize, Vec<f64>)| {
            Some([number as f64, shifted_geometric_mean(sizes, 0.0)?])
        };
        let points = sizes.into_iter().filter_map(mean).collect();
        Series { name: variant.to_string(), style: Style::Line, points }
    };
    let series: Vec<Series> =
        variants(report).map(of).filter(|series| series.points.len() > 1).collect();
    (!series.is_empty()).then(|| Figure {
        name: "big-m".to_string(),
        caption: "Geometric mean over the runs of the greatest big-M constant of a layer."
            .to_string(),
        chart: Chart {
            title: "Growth of big-M constants".to_string(),
            axes: [Scale::whole("layer"), Scale::logarithmic("greatest big-M")],
            series,
            guides: Vec::new(),
        },
    })
}

/// Times against the properties of instances.
fn properties(report: &Report) -> Vec<Figure> {
    let mut properties: Vec<&str> = Vec::new();
    for correlation in &report.correlations {
        if !properties.contains(&correlation.property.as_str()) {
            properties.push(&correlation.property);
        }
    }
    let figure = |(index, property): (usize, &str)| {
        let of = report.correlations.iter().filter(|c| c.property == property);
        let series = of.take(MOST_VARIANTS).map(|correlation| Series {
            name: correlation.variant.clone(),
            style: Style::Dots,
            points: (correlation.pairs.iter())
                .map(|[property, time]| [*property, time.max(LEAST_SECONDS)])
                .collect(),
        });
        let scale = if property.contains("share") { Scale::linear } else { Scale::logarithmic };
        Figure {
            name: format!("property-{}", index + 1),
            caption: "A dot an instance, its median time over the seeds; rank correlations and \
                      their intervals stand in the table."
                .to_string(),
            chart: Chart {
                title: format!("Time against {property}"),
                axes: [scale(property), Scale::logarithmic(seconds(report.measure))],
                series: series.collect(),
                guides: Vec::new(),
            },
        }
    };
    properties.into_iter().take(MOST_PROPERTIES).enumerate().map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Outcome, test_record};

    fn report() -> Report {
        let run = |variant: &str, instance: &str, seconds: f64, outcome| {
            let mut record = test_record(variant, outcome, Some(2.0), Some(1.0));
            (record.instance, record.seconds) = (instance.to_string(), seconds);
            record.limit_seconds = Some(10.0);
            record
        };
        let records = vec![
            run("a", "i", 1.0, Outcome::Optimal),
            run("a", "j", 2.0, Outcome::Optimal),
            run("b", "i", 4.0, Outcome::Optimal),
            run("b", "j", 10.0, Outcome::Open),
        ];
        Report::of(records, Measure::Wall, 1.0)
    }

    /// By hand: a is the fastest in both cases; b solves one, in four times the time.
    #[test]
    fn profile_and_cactus_by_hand() {
        let figures = figures(&report());
        let points = |name: &str, series: usize| {
            let figure = figures.iter().find(|figure| figure.name == name).expect(name);
            figure.chart.series[series].points.clone()
        };
        assert_eq!(points("profile", 0), [[1.0, 0.0], [1.0, 0.5], [1.0, 1.0], [4.0, 1.0]]);
        assert_eq!(points("profile", 1), [[1.0, 0.0], [4.0, 0.5], [4.0, 0.5]]);
        assert_eq!(points("cactus", 0), [[1.0, 1.0], [2.0, 2.0]]);
        assert_eq!(points("cactus", 1), [[1.0, 4.0]]);
        assert_eq!(points("gaps", 0), [[1.0, 0.5]]);
        assert_eq!(points("scatter", 0), [[4.0, 1.0], [10.0, 2.0]]);
    }

    /// By hand: of the value 2, the bound 1 is half away, and before it there is none.
    #[test]
    fn bounds_are_told_as_time_goes_by() {
        let mut report = report();
        let history = serde_json::json!({ "history": [{ "seconds": 0.1, "bound": 1.0 }] });
        report.records[0].answer = Some(history);
        let figure = bounds_over_time(&report).expect("a figure");
        let points = &figure.chart.series[0].points;
        assert!((points[0][1] - 1.0).abs() < 1e-12 && (points[40][1] - 0.5).abs() < 1e-12);
    }
}
