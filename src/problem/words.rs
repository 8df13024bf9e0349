//! The words of expressions: numbers, names, signs, relations, each with its place.

/// A name as expressions have to spell it: in quotes where it is no word.
pub fn spelled(name: &str) -> String {
    let is_word = name.starts_with(begins_word) && name.chars().all(continues_word);
    if is_word { name.to_string() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Relation {
    AtMost,
    AtLeast,
    Equal,
    /// Of [`argmax`](super::functions) only: elsewhere it leaves an open set.
    NotEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Name(String),
    Quoted(String),
    Plus,
    Minus,
    Times,
    Over,
    Open(Bracket),
    Close(Bracket),
    Comma,
    Relation(Relation),
}

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bracket {
    Round,
    Square,
}

impl Bracket {
    /// The one that closes it.
    pub(super) fn closing(self) -> &'static str {
        match self {
            Self::Round => ")",
            Self::Square => "]",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// As it stands in the expression.
    pub(super) text: String,
    /// In characters, from 1.
    pub(super) column: usize,
}

/// The words of a text; else the column of what is none, and what is wrong with it.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, (usize, String)> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let c = characters[at];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let rest = &characters[at..];
        let length = match c {
            '0'..='9' | '.' => number_length(rest),
            '"' => quoted_length(rest).map_err(|what| (at + 1, what))?,
            c if begins_word(c) => {
                let word = rest.iter().take_while(|c| continues_word(**c)).count();
                word + brackets_length(&rest[word..])
            }
            '<' | '>' | '=' | '!' if rest.get(1) == Some(&'=') => 2,
            _ => 1,
        };
        let word: String = rest[..length].iter().collect();
        let kind = kind(&word).map_err(|what| (at + 1, what))?;
        tokens.push(Token { kind, text: word, column: at + 1 });
        at += length;
    }
    Ok(tokens)
}

fn kind(word: &str) -> Result<Kind, String> {
    Ok(match word {
        "+" => Kind::Plus,
        // As texts are set, too.
        "-" | "\u{2212}" => Kind::Minus,
        "*" | "\u{b7}" => Kind::Times,
        "/" => Kind::Over,
        "," => Kind::Comma,
        "(" => Kind::Open(Bracket::Round),
        ")" => Kind::Close(Bracket::Round),
        "[" => Kind::Open(Bracket::Square),
        "]" => Kind::Close(Bracket::Square),
        "<=" | "\u{2264}" => Kind::Relation(Relation::AtMost),
        ">=" | "\u{2265}" => Kind::Relation(Relation::AtLeast),
        "=" | "==" => Kind::Relation(Relation::Equal),
        "!=" | "\u{2260}" => Kind::Relation(Relation::NotEqual),
        "^" => return Err("found '^': powers are not piecewise linear".to_string()),
        "|" => return Err("found '|'; absolute values are written abs( )".to_string()),
        "<" | ">" => return Err(format!("found '{word}', a strict relation; use {word}=")),
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            let value: f64 = word.parse().map_err(|_| format!("'{word}' is not a number"))?;
            if !value.is_finite() {
                return Err(format!("'{word}' is too large for a number"));
            }
            Kind::Number(value)
        }
        _ if word.starts_with(begins_word) => Kind::Name(word.to_string()),
        _ if word.starts_with('"') => Kind::Quoted(word[1..word.len() - 1].replace("\"\"", "\"")),
        _ => {
            return Err(format!(
                "found '{word}', expected a number, a variable, + - * / ( ) [ ] <= >= or ="
            ));
        }
    })
}

/// Length of a name in quotes; a quote in it is written twice.
fn quoted_length(rest: &[char]) -> Result<usize, String> {
    let mut at = 1;
    loop {
        match (rest.get(at), rest.get(at + 1)) {
            (Some('"'), Some('"')) => at += 2,
            (Some('"'), _) => return Ok(at + 1),
            (Some(_), _) => at += 1,
            (None, _) => return Err("a quote that begins a name and no quote that ends it".into()),
        }
    }
}

/// Length of `[12]`, or of a range such as `[0:3]`, `[3:]`, `[:]`; 0 where there is none.
fn brackets_length(rest: &[char]) -> usize {
    let inside = rest.iter().skip(1).take_while(|c| c.is_ascii_digit() || **c == ':').count();
    match (rest.first(), rest.get(inside + 1)) {
        (Some('['), Some(']')) if inside > 0 => inside + 2,
        _ => 0,
    }
}

/// Length of a number such as `2`, `.5`, `1e-3`; `2y0` is a number and a name.
fn number_length(rest: &[char]) -> usize {
    let digits =
        |from: usize| rest[from..].iter().take_while(|c| c.is_ascii_digit() || **c == '.').count();
    let mantissa = digits(0);
    if !matches!(rest.get(mantissa), Some('e' | 'E')) {
        return mantissa;
    }
    let sign = usize::from(matches!(rest.get(mantissa + 1), Some('+' | '-')));
    let start = mantissa + 1 + sign;
    let exponent = if start <= rest.len() { digits(start) } else { 0 };
    if exponent == 0 { mantissa } else { start + exponent }
}
