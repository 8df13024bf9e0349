//! Robustness for readers: verdicts, the certified accuracy as a table and a picture.

use std::fmt::{self, Write};

use taut::control::StoppedBy;
use taut::plot::{Chart, Scale, Series, Style};
use taut::verify::Norm;

use super::{Robust, Share};
use crate::cli::console::{CLOSED, HEADING, OPEN};
use crate::cli::page::Page;
use crate::cli::record::Head;
use crate::cli::session::Report;
use crate::cli::text::{count, number};
use crate::cli::{ANSWERED, UNANSWERED};

/// The certified accuracy over the changes.
pub(super) fn picture(curve: &[Share], norm: Norm, network: &str) -> Chart {
    let all = |of: fn(&Share) -> f64| curve.iter().map(|s| [s.epsilon, of(s)]).collect();
    Chart {
        title: format!("{network}: certified accuracy"),
        axes: [
            Scale::linear(match norm {
                Norm::Linf => "largest change of each input",
                Norm::L1 => "sum of the changes of all inputs",
            }),
            Scale::linear("share of points").holding([0.0, 1.0]),
        ],
        series: vec![
            Series {
                name: "robust, proven".to_string(),
                style: Style::Line,
                points: all(|s| s.certified_accuracy),
            },
            Series {
                name: "not broken".to_string(),
                style: Style::Line,
                points: all(|s| {
                    let points = (s.robust + s.broken + s.unknown).max(1) as f64;
                    1.0 - s.broken as f64 / points
                }),
            },
        ],
        guides: Vec::new(),
    }
}

impl Report for Robust {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        for (position, point) in self.points.iter().enumerate() {
            let (Some(low), high) = (point.at_least, point.at_most) else { continue };
            let line = match high {
                Some(high) => format!("closest: between {} and {}", number(low), number(high)),
                None => format!("closest: at least {}", number(low)),
            };
            out.headline(if high.is_some() { CLOSED } else { OPEN }, &line)?;
            writeln!(out, "  point   {position}, class {}", point.class)?;
        }
        if let ([point], [verdict]) = (&self.points[..], self.first_verdicts())
            && point.at_least.is_none()
        {
            let style = if ["robust", "broken"].contains(verdict) { CLOSED } else { OPEN };
            out.headline(style, verdict)?;
            writeln!(out, "  class   {}, predicted {}", point.class, point.predicted)?;
        } else if !self.curve.is_empty() {
            out.headline(
                HEADING,
                &format!("certified accuracy of {}", count(self.points.len(), "point")),
            )?;
            let rows = self.curve.iter().map(|share| {
                let counts = [share.robust, share.broken, share.unknown].map(|n| n.to_string());
                let accuracy = format!("{:.1} %", 100.0 * share.certified_accuracy);
                [vec![number(share.epsilon)], counts.to_vec(), vec![accuracy]].concat()
            });
            let header = ["epsilon", "robust", "broken", "unknown", "certified accuracy"];
            out.table(&header, (1, 0), &rows.collect::<Vec<_>>())?;
        }
        out.stopped(self.stopped_by)?;
        match &self.picture {
            Some(file) => writeln!(out, "  wrote   {}", file.display()),
            None => Ok(()),
        }
    }

    fn csv(&self, _: &Head) -> anyhow::Result<String> {
        let mut text = "epsilon,robust,broken,unknown,certified_accuracy\n".to_string();
        for Share { epsilon, robust, broken, unknown, certified_accuracy } in &self.curve {
            writeln!(text, "{epsilon},{robust},{broken},{unknown},{certified_accuracy}")?;
        }
        Ok(text)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }

    fn exit(&self) -> u8 {
        let is_open = |verdict: &&str| !["robust", "broken"].contains(verdict);
        let all = self.points.iter().flat_map(|point| &point.verdicts);
        let is_answered = self.stopped_by.is_none() && !all.into_iter().any(is_open);
        if is_answered { ANSWERED } else { UNANSWERED }
    }
}

impl Robust {
    /// The verdicts of the first point.
    fn first_verdicts(&self) -> &[&'static str] {
        self.points.first().map_or(&[], |point| &point.verdicts)
    }
}
