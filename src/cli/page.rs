//! A text for readers as it grows: with styles, as wide as the terminal it is printed on.

use std::fmt::{self, Write};

use anstream::adapter::strip_str;
use clap::builder::styling::Style;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use taut::control::StoppedBy;

use super::console::{HEADING, OPEN, styled};

/// A text for readers.
#[derive(Debug)]
pub struct Page {
    text: String,
    /// Columns of the terminal; `None` where the width does not matter.
    columns: Option<usize>,
}

/// Columns between two columns of a table.
const GUTTER: u16 = 2;

impl Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.write_str(text)
    }
}

impl Page {
    /// An empty one for a terminal of so many columns, or of any width.
    pub fn new(columns: Option<usize>) -> Self {
        Self { text: String::new(), columns }
    }

    /// The text. Its lines are broken between words where the terminal is narrower; what
    /// belongs to a label (`  bound   at least …`) stays beside it.
    pub fn finish(self) -> String {
        wrapped(&self.text, self.columns)
    }

    /// A line in a style: what the answer is.
    pub fn headline(&mut self, style: Style, line: &str) -> fmt::Result {
        writeln!(self, "{}", styled(style, line))
    }

    /// The line that tells what came first, if something did.
    pub fn stopped(&mut self, reason: Option<StoppedBy>) -> fmt::Result {
        match reason {
            Some(reason) => self.headline(OPEN, &format!("  stopped by {}", reason.words())),
            None => Ok(()),
        }
    }

    /// An empty line, then a table without lines: `words` columns on the left, numbers on the
    /// right. Where it is too wide, it goes on below, with the first `keys` columns again,
    /// which tell the rows apart.
    pub fn table(
        &mut self,
        header: &[&str],
        (keys, words): (usize, usize),
        rows: &[Vec<String>],
    ) -> fmt::Result {
        let fits = |gutter| blocks(header, keys, rows, gutter, self.columns);
        // A table that is just too wide is easier to read close than in two blocks.
        let gutter = if fits(GUTTER).len() > 1 && fits(1).len() == 1 { 1 } else { GUTTER };
        for columns in fits(gutter) {
            writeln!(self)?;
            self.block(header, words, rows, (&columns, gutter))?;
        }
        Ok(())
    }

    fn block(
        &mut self,
        header: &[&str],
        words: usize,
        rows: &[Vec<String>],
        (columns, gutter): (&[usize], u16),
    ) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(columns.iter().map(|&column| header[column]));
        for row in rows {
            table.add_row(columns.iter().map(|&column| row[column].as_str()));
        }
        for (position, (column, &index)) in table.column_iter_mut().zip(columns).enumerate() {
            column.set_padding((if position == 0 { GUTTER } else { 0 }, gutter));
            if index >= words {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for (position, line) in table.lines().enumerate() {
            let style = if position == 0 { HEADING } else { Style::new() };
            writeln!(self, "{}", styled(style, line.trim_end()))?;
        }
        Ok(())
    }
}

/// The columns of a table that stand side by side, block by block.
fn blocks(
    header: &[&str],
    keys: usize,
    rows: &[Vec<String>],
    gutter: u16,
    columns: Option<usize>,
) -> Vec<Vec<usize>> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].as_str()).chain([header[column]]);
        let longest = cells.map(|cell| cell.chars().count()).max().unwrap_or_default();
        longest + usize::from(gutter)
    };
    // In front, and nothing behind the last.
    let margin = usize::from(GUTTER - gutter.min(GUTTER));
    let of_keys: usize = margin + (0..keys).map(width).sum::<usize>();
    let mut blocks: Vec<Vec<usize>> = vec![(0..keys).collect()];
    let mut taken = of_keys;
    for column in keys..header.len() {
        let is_full = columns.is_some_and(|columns| taken + width(column) > columns);
        if is_full && taken > of_keys {
            blocks.push((0..keys).collect());
            taken = of_keys;
        }
        taken += width(column);
        blocks.last_mut().expect("a block").push(column);
    }
    blocks
}

/// A text whose lines are broken between words where the terminal is narrower.
pub fn wrapped(text: &str, columns: Option<usize>) -> String {
    match columns {
        None => text.to_string(),
        Some(columns) => {
            text.split_inclusive('\n').map(|line| wrapped_line(line, columns)).collect()
        }
    }
}

fn wrapped_line(line: &str, columns: usize) -> String {
    let width = |text: &str| strip_str(text).to_string().trim_end().chars().count();
    if width(line) <= columns {
        return line.to_string();
    }
    let indent = hanging_indent(line).min(columns / 2);
    let mut lines = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let last = lines.last_mut().expect("a line");
        if width(&format!("{last}{word}")) > columns && width(last) > indent {
            lines.push(" ".repeat(indent));
        }
        lines.last_mut().expect("a line").push_str(word);
    }
    lines.iter().map(|line| line.trim_end_matches(' ')).collect::<Vec<&str>>().join("\n")
}

/// Where the text behind a label begins; a little to the right where there is no label.
fn hanging_indent(line: &str) -> usize {
    let plain = strip_str(line).to_string();
    let label = plain.trim_start();
    let start = plain.len() - label.len();
    match label.find("  ").filter(|_| start > 0) {
        Some(end) => {
            let gap = label[end..].chars().take_while(|c| *c == ' ').count();
            start + label[..end].chars().count() + gap
        }
        None => start + 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(page: Page) -> String {
        strip_str(&page.finish()).to_string()
    }

    /// By hand: with the two columns behind each and before the first, `name` takes 8 columns,
    /// `a` 8, `b` 9 and `c` 5, of which the last two are empty.
    #[test]
    fn a_table_that_is_too_wide_goes_on_below() {
        let words = |words: [&str; 4]| words.map(str::to_string).to_vec();
        let rows = [words(["one", "123456", "1", "x"]), words(["two", "2", "7654321", "yyy"])];
        let table = |columns| {
            let mut page = Page::new(columns);
            page.table(&["name", "a", "b", "c"], (1, 1), &rows).expect("a text");
            plain(page)
        };
        let whole = "\n  name       a        b    c\
                     \n  one   123456        1    x\
                     \n  two        2  7654321  yyy\n";
        assert_eq!(table(None), whole);
        assert_eq!(table(Some(28)), whole);
        let close = "\n  name      a       b   c\
                     \n  one  123456       1   x\
                     \n  two       2 7654321 yyy\n";
        assert_eq!(table(Some(27)), close);
        assert_eq!(table(Some(25)), close);
        let halves = "\n  name       a\
                      \n  one   123456\
                      \n  two        2\n\
                      \n  name        b    c\
                      \n  one         1    x\
                      \n  two   7654321  yyy\n";
        assert_eq!(table(Some(22)), halves);
        // Where not even one column fits, each has its own block.
        assert_eq!(table(Some(5)).matches("name").count(), 3);
    }

    #[test]
    fn a_long_line_is_broken_between_words_beside_its_label() {
        let broken = |line: &str, columns| {
            let mut page = Page::new(Some(columns));
            page.write_str(line).expect("a text");
            plain(page)
        };
        let line = "  known   -3.606 (enumeration of the regions)\n";
        assert_eq!(broken(line, 45), line);
        let two = "  known   -3.606 (enumeration\n          of the regions)\n";
        assert_eq!(broken(line, 30), two);
        // Styles take no columns, and a word stays whole.
        let styled = styled(OPEN, "a long headline of words");
        assert_eq!(broken(&styled, 24), "a long headline of words");
        assert_eq!(broken("unbreakable words\n", 6), "unbreakable\n  words\n");
    }
}
