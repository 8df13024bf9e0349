//! Messages that quote what was found: as much of it as a reader can take in, whatever the
//! size of the file or argument that it stands in.

use std::borrow::Cow;

/// Most characters that are quoted of a text.
const LONGEST_QUOTE: usize = 60;

/// Longest word of a message that is left as it is: many paths are longer than a quote.
const LONGEST_WORD: usize = 160;

/// Longest line of a message that is left as it is: lists of what is supported.
const LONGEST_LINE: usize = 600;

/// Most lines of a message.
const MOST_LINES: usize = 40;

/// A text as it is quoted: all of it, or its start, its end and its length.
///
/// ```
/// use taut::message::excerpt;
///
/// assert_eq!(excerpt("y0 - 2 x1"), "y0 - 2 x1");
/// let long = format!("{}{}", "ab".repeat(500), "cd".repeat(500));
/// assert_eq!(
///     excerpt(&long),
///     "ababababababababababababababababababab … dcdcdcdcdcdcdcdcdcd (2000 characters)"
/// );
/// ```
pub fn excerpt(text: &str) -> Cow<'_, str> {
    shortened(text, LONGEST_QUOTE)
}

/// A message as it is printed: without lines, words and numbers of lines that nobody reads.
pub fn readable(message: &str) -> String {
    let line = |line: &str| {
        let words: Vec<Cow<'_, str>> = line.split(' ').map(word).collect();
        shortened(&words.join(" "), LONGEST_LINE).into_owned()
    };
    let count = message.lines().count();
    if count <= MOST_LINES {
        return message.lines().map(line).collect::<Vec<String>>().join("\n");
    }
    let start = message.lines().take(MOST_LINES / 2).map(line);
    let end = message.lines().skip(count - MOST_LINES / 2).map(line);
    let left_out = std::iter::once(format!("… ({count} lines)"));
    start.chain(left_out).chain(end).collect::<Vec<String>>().join("\n")
}

/// What is wrong with a TOML text: with the line, where a screen holds it.
pub fn toml_error(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let message_lines = error.message().lines().count();
    let shown = text.lines().count().saturating_sub(message_lines);
    if text.lines().take(shown).all(|line| line.chars().count() <= LONGEST_WORD) {
        let place: Vec<&str> = text.lines().take(shown).collect();
        return format!("{}\n{}", place.join("\n"), readable(error.message()));
    }
    // The first line names the place, the next three show it.
    let place = text.lines().next().unwrap_or_default();
    readable(&format!("{place}: {}", error.message()))
}

/// Stands for what is left out.
const GAP: &str = " … ";

fn word(word: &str) -> Cow<'_, str> {
    match word.chars().nth(LONGEST_WORD) {
        Some(_) => excerpt(word),
        None => word.into(),
    }
}

/// The start and the end, `most` characters together, and how many there are in all.
fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return text.into();
    }
    let count = text.chars().count();
    let room = most - GAP.chars().count();
    let start: String = text.chars().take(room * 2 / 3).collect();
    let end: String = text.chars().skip(count - room.div_ceil(3)).collect();
    format!("{start}{GAP}{end} ({count} characters)").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_can_take_in_is_left_as_it_is() {
        let message = format!("a.toml: {}\n  | {}", "b".repeat(160), "c d ".repeat(140).trim());
        assert_eq!(readable(&message), message);
        let edge = "é".repeat(60);
        assert_eq!(excerpt(&edge), edge);
    }

    /// By hand: 38 and 19 characters of a quote are kept, 398 and 199 of a line.
    #[test]
    fn long_words_lines_and_texts_are_shortened() {
        let word = readable(&format!("found '{}', expected a number", "é".repeat(200_000)));
        let kept = format!("found '{} … {}',", "é".repeat(37), "é".repeat(17));
        assert_eq!(word, format!("{kept} (200003 characters) expected a number"));
        let line = readable(&"ab ".repeat(100_000));
        assert!(line.starts_with("ab ab") && line.ends_with("ab  (300000 characters)"), "{line}");
        assert_eq!(line.chars().count(), 398 + 3 + 199 + " (300000 characters)".len());
        let lines = readable(&"line\n".repeat(1000));
        assert_eq!(lines.lines().count(), MOST_LINES + 1);
        assert!(lines.contains("\n… (1000 lines)\n"), "{lines}");
    }

    #[test]
    fn a_toml_error_shows_its_line_where_that_is_short() {
        let short = toml::from_str::<toml::Table>("a = 1\nb = ]").expect_err("no value");
        assert_eq!(toml_error(&short), short.to_string().trim_end());
        let text = format!("a = 1\nb = [{}", "1, ".repeat(100_000));
        let long = toml_error(&toml::from_str::<toml::Table>(&text).expect_err("no end"));
        assert!(long.starts_with("TOML parse error at line 2, column "), "{long}");
        assert_eq!(long.lines().count(), 1, "{long}");
        assert!(long.len() < 200, "{long}");
    }
}
