//! Tables, as papers and spreadsheets take them.

use super::{Report, rounded};
use crate::bench::{Measure, Summary};

/// Words in rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What the columns are.
    pub header: Vec<&'static str>,
    /// The rows, as long as the header; the first column holds words, the others numbers.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Without the columns that are empty in every row.
    #[must_use]
    pub fn told(&self) -> Self {
        let is_told = |column: &usize| self.rows.iter().any(|row| !row[*column].is_empty());
        let columns: Vec<usize> = (0..self.header.len()).filter(is_told).collect();
        let row = |row: &Vec<String>| columns.iter().map(|&column| row[column].clone()).collect();
        Self {
            header: columns.iter().map(|&column| self.header[column]).collect(),
            rows: self.rows.iter().map(row).collect(),
        }
    }
}

impl Report {
    /// The variants, one a row.
    pub fn table(&self) -> Table {
        let header = vec![
            "variant",
            "runs",
            "solved",
            "killed",
            "failed",
            "mean (s)",
            "over seeds (s)",
            "solved by all (s)",
            "PAR2 (s)",
            "median (s)",
            "wins",
            "gap at limit",
        ];
        let row = |summary: &Summary| {
            let seeds = summary.seed_means.map(|ends| ends.map(rounded).join("–"));
            let optional = |figure: Option<f64>| figure.map(rounded).unwrap_or_default();
            vec![
                summary.variant.clone(),
                summary.runs.to_string(),
                summary.solved.to_string(),
                summary.killed.to_string(),
                summary.failed.to_string(),
                rounded(summary.mean_seconds),
                seeds.unwrap_or_default(),
                optional(summary.common_mean_seconds),
                rounded(summary.par2_seconds),
                rounded(summary.median_seconds),
                summary.wins.to_string(),
                optional(summary.median_gap),
            ]
        };
        Table { header, rows: self.variants.iter().map(row).collect() }
    }

    /// How times go with properties, one correlation a row.
    pub fn correlation_table(&self) -> Table {
        let header = vec!["variant", "property", "instances", "Spearman", "low", "high"];
        let row = |correlation: &super::Correlation| {
            let figures = correlation.spearman;
            let digits = |figure: f64| format!("{figure:.2}");
            vec![
                correlation.variant.clone(),
                correlation.property.clone(),
                correlation.instances.to_string(),
                digits(figures.value),
                digits(figures.low),
                digits(figures.high),
            ]
        };
        Table { header, rows: self.correlations.iter().map(row).collect() }
    }

    /// What a reader of the table has to know.
    pub fn note(&self) -> String {
        format!(
            "Means are geometric, shifted by {} s; a run that was not solved counts as its time \
             limit (twice in PAR2). Times are {}.",
            self.shift_seconds,
            match self.measure {
                Measure::Wall => "from start to end of the process",
                Measure::Cpu => "of processors",
                Measure::Own => "those that programs tell, without their start",
            }
        )
    }
}

/// Comma-separated values: a header, then one line a row.
pub fn csv(table: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let lines = std::iter::once(table.header.iter().map(ToString::to_string).collect());
    for line in lines.chain(table.rows.iter().cloned()) {
        writer.write_record(&line).expect("memory takes all");
    }
    String::from_utf8(writer.into_inner().expect("memory takes all")).expect("texts are UTF-8")
}

/// A table of GitHub's Markdown.
pub fn markdown(table: &Table) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| {
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let words = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
    let mut text = line(&mut table.header.iter().map(|name| words(name)));
    let rule = |column: usize| if column == 0 { "---" } else { "--:" }.to_string();
    text += &line(&mut (0..table.header.len()).map(rule));
    for row in &table.rows {
        text += &line(&mut row.iter().map(|cell| words(cell)));
    }
    text
}

/// A table of LaTeX with the rules of the package `booktabs`; columns that are empty in every row
/// are left out.
pub fn latex(table: &Table) -> String {
    let Table { header, rows } = table.told();
    let line = |cell: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = (0..header.len()).map(|column| escaped(&cell(column))).collect();
        cells.join(" & ") + " \\\\\n"
    };
    let mut text = format!(
        "% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n",
        "r".repeat(header.len().saturating_sub(1))
    );
    text += &line(&|column| header[column].to_string());
    text += "\\midrule\n";
    for row in &rows {
        text += &line(&|column| row[column].clone());
    }
    text + "\\bottomrule\n\\end{tabular}\n"
}

/// A text as it stands in LaTeX.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', character]),
            '~' => escaped += "\\textasciitilde{}",
            '^' => escaped += "\\textasciicircum{}",
            '\\' => escaped += "\\textbackslash{}",
            '<' => escaped += "\\textless{}",
            '>' => escaped += "\\textgreater{}",
            '–' => escaped += "--",
            '×' => escaped += "$\\times$",
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |words: [&str; 3]| words.map(str::to_string).to_vec();
        Table {
            header: vec!["variant", "solved", "gap"],
            rows: vec![row(["a_1 | 50%", "3", ""]), row(["b, c", "4", ""])],
        }
    }

    #[test]
    fn tables_are_written_as_their_readers_expect() {
        assert_eq!(csv(&table()), "variant,solved,gap\na_1 | 50%,3,\n\"b, c\",4,\n");
        let expected = "| variant | solved | gap |\n| --- | --: | --: |\n\
                        | a_1 \\| 50% | 3 |  |\n| b, c | 4 |  |\n";
        assert_eq!(markdown(&table()), expected);
        let expected = "% needs \\usepackage{booktabs}\n\\begin{tabular}{lr}\n\\toprule\n\
                        variant & solved \\\\\n\\midrule\na\\_1 | 50\\% & 3 \\\\\n\
                        b, c & 4 \\\\\n\\bottomrule\n\\end{tabular}\n";
        assert_eq!(latex(&table()), expected);
    }
}
