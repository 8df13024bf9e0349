//! A report as one page of HTML that needs nothing else: no network, no other file.
//!
//! Tables and figures stand in it as they are; a script sorts and filters, and leads from each
//! number to the runs that it comes from. Runs are lists of numbers, with what many of them share
//! in lists beside them, so that thousands of runs stay a small page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};

use super::Report;
use super::charts::figures;
use super::table::Table;
use crate::bench::{Outcome, Record, Summary};
use crate::plot::svg;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");

/// A list in which each text stands once.
#[derive(Default)]
struct Texts(Vec<Value>);

impl Texts {
    /// The place of a text.
    fn place(&mut self, text: Value) -> usize {
        self.0.iter().rposition(|known| *known == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        })
    }
}

/// The page; `folders` are those that the records lie in.
pub fn page(report: &Report, title: &str, folders: &[String]) -> String {
    let parts = [
        ("title", escaped(title)),
        ("subtitle", escaped(&subtitle(report))),
        ("contradictions", contradictions(report)),
        ("note", escaped(&report.note())),
        ("variants", variants(report)),
        ("figures", pictures(report)),
        ("correlations", correlations(report)),
        ("provenance", provenance(report, folders)),
        ("data", data(report).to_string().replace("</", "<\\/")),
        ("script", SCRIPT.to_string()),
    ];
    // One pass, so that nothing that is filled in is taken for a place.
    let mut page = String::new();
    for piece in PAGE.split("{{") {
        match piece.split_once("}}") {
            None => page += piece,
            Some((name, rest)) => {
                let part = parts.iter().find(|(known, _)| *known == name);
                page += &part.expect("a part of the page").1;
                page += rest;
            }
        }
    }
    page
}

fn subtitle(report: &Report) -> String {
    let distinct = |of: &dyn Fn(&Record) -> String| {
        report.records.iter().map(of).collect::<BTreeSet<_>>().len()
    };
    let instances = distinct(&|record| record.instance.clone());
    let seeds = distinct(&|record| record.seed.to_string());
    let (runs, variants) = (report.records.len(), report.variants.len());
    format!("{runs} runs: {instances} instances, {variants} variants, {seeds} seeds")
}

fn contradictions(report: &Report) -> String {
    if report.contradictions.is_empty() {
        return "<p>No two answers contradict each other.</p>".to_string();
    }
    let items = report.contradictions.iter().map(|found| {
        format!("<li><b>{}</b>: {}</li>", escaped(&found.instance), escaped(&found.what))
    });
    let items: String = items.collect();
    format!(
        "<section class=\"contradictions\"><h2>{} cannot all be true</h2><ul>{items}</ul></section>",
        report.contradictions.len()
    )
}

/// The runs that a column of the table of variants counts.
fn kind(header: &str) -> &'static str {
    match header {
        "solved" | "solved by all (s)" | "wins" => "solved",
        "killed" => "killed",
        "failed" => "failed",
        "gap at limit" => "open",
        _ => "all",
    }
}

fn variants(report: &Report) -> String {
    let Table { header, rows } = report.table();
    let cell = |summary: &Summary, column: usize, text: &str| {
        let (kind, variant) = (kind(header[column]), escaped(&summary.variant));
        format!(
            "<td data-value=\"{}\"><button type=\"button\" data-variant=\"{variant}\" \
             data-kind=\"{kind}\">{}</button></td>",
            if column == 0 { String::new() } else { escaped(text) },
            escaped(text)
        )
    };
    let row = |(summary, row): (&Summary, &Vec<String>)| {
        let cells = row.iter().enumerate().map(|(column, text)| cell(summary, column, text));
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let body: String = report.variants.iter().zip(&rows).map(row).collect();
    table(&header, &body)
}

fn table(header: &[&str], body: &str) -> String {
    let cells: String =
        header.iter().map(|name| format!("<th scope=\"col\">{}</th>", escaped(name))).collect();
    format!("<table class=\"static\"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>")
}

/// A picture within a picture has its own style sheet, so that theirs do not meet.
fn pictures(report: &Report) -> String {
    let picture = |figure: super::Figure| {
        let svg = svg(&figure.chart.picture(None));
        let (alternative, caption) = (escaped(&figure.chart.title), escaped(&figure.caption));
        format!(
            "<figure><img alt=\"{alternative}\" loading=\"lazy\" width=\"640\" height=\"500\" \
             src=\"data:image/svg+xml,{}\"><figcaption>{caption}</figcaption></figure>",
            percent_encoded(&svg)
        )
    };
    figures(report).into_iter().map(picture).collect::<Vec<_>>().join("\n")
}

fn correlations(report: &Report) -> String {
    let Table { header, rows } = report.correlation_table();
    if rows.is_empty() {
        return String::new();
    }
    let row = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, text)| match column {
            0 => format!(
                "<td><button type=\"button\" data-variant=\"{0}\" data-kind=\"all\">{0}</button></td>",
                escaped(text)
            ),
            1 => format!("<td class=\"word\">{}</td>", escaped(text)),
            _ => format!("<td>{}</td>", escaped(text)),
        });
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let body: String = rows.iter().map(row).collect();
    format!(
        "<section>\n<h2>What times go with</h2>\n<p>Rank correlations (Spearman) of a property of \
         the instances and the median time over the seeds, with 95 % intervals by a bootstrap \
         over the instances.</p>\n<div class=\"wide\">{}</div>\n</section>",
        table(&header, &body)
    )
}

fn provenance(report: &Report, folders: &[String]) -> String {
    let records = &report.records;
    let mut facts = String::new();
    let mut tell = |term: &str, values: BTreeSet<String>| {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(|value| escaped(value)).collect();
            let _ = write!(facts, "<dt>{}</dt><dd>{}</dd>", escaped(term), values.join("<br>"));
        }
    };
    tell("folders", folders.iter().cloned().collect());
    tell("taut", records.iter().map(|record| record.taut.clone()).collect());
    tell("solvers", records.iter().flat_map(versions).collect());
    tell("programs, SHA-256", records.iter().filter_map(|r| r.program_sha256.clone()).collect());
    tell("machines", records.iter().map(machine).collect());
    tell("limits", records.iter().map(limits).collect());
    tell("threads", records.iter().map(|record| record.threads.to_string()).collect());
    tell("load before a run", load(records).into_iter().collect());
    format!("<dl>{facts}</dl>")
}

/// Versions of all that took part in an answer of Taut.
fn versions(record: &Record) -> Vec<String> {
    let versions = record.answer.as_ref().and_then(|answer| answer.get("versions")?.as_object());
    let text = |(name, version): (&String, &Value)| {
        (name != "taut").then(|| format!("{name} {}", version.as_str().unwrap_or_default()))
    };
    versions.into_iter().flatten().filter_map(text).collect()
}

fn machine(record: &Record) -> String {
    let host = record.host.as_ref().map(|host| format!("{host}: ")).unwrap_or_default();
    host + &record.machine.in_words()
}

fn limits(record: &Record) -> String {
    let time = record.limit_seconds.map_or("none".to_string(), |seconds| format!("{seconds} s"));
    let memory = record.limit_memory_bytes.map(|bytes| format!(", {} MB", bytes >> 20));
    time + &memory.unwrap_or_default()
}

fn load(records: &[Record]) -> Option<String> {
    let loads = records.iter().filter_map(|record| record.load[0]);
    let (low, high) =
        loads.fold((f64::INFINITY, 0.0f64), |(low, high), load| (low.min(load), high.max(load)));
    (low <= high).then(|| format!("{low} to {high}"))
}

/// What the script reads.
fn data(report: &Report) -> Value {
    let mut instances: Vec<Value> = Vec::new();
    let (mut outcomes, mut origins, mut errors) =
        (Texts::default(), Texts::default(), Texts::default());
    errors.place(json!(""));
    let variants: Vec<Value> = (report.variants.iter())
        .map(|summary| {
            let words =
                report.of_variant(&summary.variant).next().map(|r| r.variant_words.join(" "));
            json!({ "name": summary.variant, "words": words })
        })
        .collect();
    let mut places = BTreeMap::new();
    let mut run = |record: &Record| {
        let instance = *places.entry(record.instance.clone()).or_insert_with(|| {
            instances.push(json!({
                "name": record.instance,
                "sha256": record.instance_sha256,
                "network": record.network_sha256,
                "reference": record.reference,
            }));
            instances.len() - 1
        });
        let variant = report.variants.iter().position(|s| s.variant == record.variant);
        let origin = json!({
            "program": record.program_sha256.as_ref().map_or_else(
                || record.command.first().cloned().unwrap_or_default(),
                |hash| format!("SHA-256 {hash}"),
            ),
            "machine": machine(record),
        });
        let error = record.error.as_deref().unwrap_or_default();
        let nodes = record.told::<Value>("/nodes");
        json!([
            instance,
            variant,
            record.seed,
            outcomes.place(json!(record.outcome.name())),
            brief(report.measure.of(record, 1.0)),
            brief(record.seconds),
            record.value,
            record.bound,
            record.limit_seconds,
            nodes,
            record.peak_memory_bytes,
            record.started.round(),
            origins.place(origin),
            errors.place(json!(error)),
        ])
    };
    let runs: Vec<Value> = report.records.iter().map(&mut run).collect();
    let places = |test: fn(Outcome) -> bool, outcomes: &Texts| -> Vec<usize> {
        let is = |text: &Value| Outcome::ALL.iter().any(|o| test(*o) && text == o.name());
        (0..outcomes.0.len()).filter(|&place| is(&outcomes.0[place])).collect()
    };
    json!({
        "variants": variants,
        "instances": instances,
        "solved": places(Outcome::is_solved, &outcomes),
        "killed": places(Outcome::is_killed, &outcomes),
        "failed": places(Outcome::is_failure, &outcomes),
        "outcomes": outcomes.0,
        "origins": origins.0,
        "errors": errors.0,
        "runs": runs,
    })
}

/// Seconds to four digits: clocks are no better.
fn brief(seconds: f64) -> f64 {
    format!("{seconds:.3e}").parse().unwrap_or(seconds)
}

/// A text as it stands in HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text as it stands in the address of a picture within a page.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for character in text.chars() {
        match character {
            '%' | '#' | '"' | '<' | '>' | '&' | '\'' => {
                let _ = write!(encoded, "%{:02X}", character as u32);
            }
            '\n' => encoded.push(' '),
            c => encoded.push(c),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Measure;
    use crate::bench::test_record;

    #[test]
    fn a_page_is_whole_whatever_names_say() {
        let name = "</script><b>\"{{data}}\"";
        let mut record = test_record(name, Outcome::Optimal, Some(1.0), Some(1.0));
        record.instance = name.to_string();
        record.error = Some("</script>".to_string());
        let mut wrong = record.clone();
        wrong.value = Some(0.0);
        let report = Report::of(vec![record, wrong], Measure::Wall, 1.0);
        let page = page(&report, name, &["a<b".to_string()]);
        assert_eq!(page.matches("</script>").count(), 1, "{page}");
        assert!(page.contains("<h2>1 cannot all be true</h2>") && page.contains("a&lt;b"));
        let data = page.split("const D = ").nth(1).and_then(|rest| rest.split(";\n").next());
        let data: Value = serde_json::from_str(data.expect("data")).expect("JSON");
        assert_eq!(data["variants"][0]["name"], name);
        assert_eq!((&data["solved"], &data["failed"]), (&json!([0]), &json!([])));
        assert_eq!(data["runs"].as_array().map(Vec::len), Some(2));
    }
}
