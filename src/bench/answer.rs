//! What a process has answered, by its end and by what it printed.

use serde_json::Value;

use super::child::{Ended, Killed};
use super::record::{Asked, Outcome, Record};
use super::variant::Words;

/// Bytes of stderr that a record keeps.
const TAIL: usize = 2000;

/// What programs of VNN-COMP say where they have no answer.
const OPEN: [&str; 2] = ["timeout", "unknown"];

/// Says how a process ended, and what it answered.
pub fn judge(record: &mut Record, ended: &Ended, words: Option<&Words>) {
    let stdout = String::from_utf8_lossy(&ended.stdout);
    let answered = match words {
        None => serde_json::from_str(&stdout).ok().and_then(|answer| take(record, answer)),
        Some(words) => of_words(record, words, &stdout),
    };
    record.outcome = match (ended.killed, ended.status.code()) {
        (Some(Killed::Memory), _) => Outcome::Memory,
        (Some(_), _) => Outcome::Timeout,
        (None, None) => Outcome::Crashed,
        // Taut ends with 3 where a limit came first.
        (None, Some(0)) => answered.unwrap_or(Outcome::Unreadable),
        (None, Some(3)) if words.is_none() => answered.unwrap_or(Outcome::Unreadable),
        (None, Some(_)) => Outcome::Failed,
    };
    if record.outcome.is_failure() {
        // Nothing that it says counts.
        (record.value, record.bound) = (None, None);
        let text = match ended.stderr.is_empty() {
            true => &ended.stdout,
            false => &ended.stderr,
        };
        let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL)..]);
        record.error = Some(tail.trim().to_string()).filter(|text| !text.is_empty());
    }
}

/// Takes an answer of Taut; none where it is none to what was asked. Of the counts of regions that
/// of activation patterns with inner points counts, as other programs count.
pub fn take(record: &mut Record, answer: Value) -> Option<Outcome> {
    let number = |key: &str| answer.get(key).and_then(Value::as_f64);
    let word = |key: &str| answer.get(key).and_then(Value::as_str);
    let (outcome, value, bound, seconds) = match record.question {
        Asked::Optimum => {
            let outcome = match word("status")? {
                "optimal" => Outcome::Optimal,
                "infeasible" => Outcome::Infeasible,
                "feasible" | "unknown" => Outcome::Open,
                _ => return None,
            };
            let seconds = answer["seconds"]["total"].as_f64();
            (outcome, number("objective"), number("bound"), seconds)
        }
        Asked::Regions => {
            word("command").filter(|command| *command == "regions")?;
            let patterns = number("patterns");
            let outcome = if patterns.is_some() { Outcome::Optimal } else { Outcome::Open };
            (outcome, patterns, patterns, number("seconds"))
        }
        Asked::Property => {
            let outcome = match word("verdict")? {
                "sat" => Outcome::Sat,
                "unsat" => Outcome::Unsat,
                "unknown" | "timeout" => Outcome::Open,
                _ => return None,
            };
            (outcome, None, None, number("seconds"))
        }
    };
    (record.value, record.bound, record.own_seconds) = (value, bound, seconds);
    record.answer = Some(answer);
    Some(outcome)
}

/// Takes what another program prints.
fn of_words(record: &mut Record, words: &Words, stdout: &str) -> Option<Outcome> {
    let has = |word: &Option<String>| word.as_ref().is_some_and(|word| stdout.contains(word));
    let number = |word: &Option<String>| {
        let word = word.as_deref()?;
        let line = stdout.lines().rfind(|line| line.contains(word))?;
        number(line.rsplit_once(word)?.1)
    };
    (record.value, record.bound) = (number(&words.value), number(&words.bound));
    record.own_seconds = number(&words.seconds).filter(|seconds| *seconds >= 0.0);
    match () {
        () if has(&words.optimal) => Some(Outcome::Optimal),
        () if has(&words.infeasible) => Some(Outcome::Infeasible),
        () if record.value.is_some() || record.bound.is_some() => Some(Outcome::Open),
        () => verdict(words, stdout).or(has(&words.open).then_some(Outcome::Open)),
    }
}

/// The answer to a property: of several words the last one counts, but "timeout" and "unknown"
/// only where there is no other.
fn verdict(words: &Words, stdout: &str) -> Option<Outcome> {
    let at = |word: &Option<String>| word.as_deref().and_then(|word| last_whole(stdout, word));
    let is_asked = words.sat.is_some() || words.unsat.is_some();
    match (at(&words.sat), at(&words.unsat)) {
        (sat, unsat) if sat > unsat => Some(Outcome::Sat),
        (_, Some(_)) => Some(Outcome::Unsat),
        _ => OPEN
            .iter()
            .any(|word| is_asked && last_whole(stdout, word).is_some())
            .then_some(Outcome::Open),
    }
}

/// Where a text has a word for the last time, with nothing around it that would make it a longer
/// one.
fn last_whole(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let is_whole = |at: usize| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !behind.starts_with(is_part)
    };
    text.rmatch_indices(word).map(|(at, _)| at).find(|at| is_whole(*at))
}

/// The number that a text begins with, after spaces and signs that lead to it.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '"'));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text[..end].parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bench::check::tests::record;

    /// By hand: "unsat" is no "sat", and what is said last counts.
    #[test]
    fn verdicts_are_whole_words_and_the_last_counts() {
        let word = |word: &str| Some(word.to_string());
        let words = Words { sat: word("sat"), unsat: word("unsat"), ..Words::default() };
        for (text, expected) in [
            ("unsat\n", Some(Outcome::Unsat)),
            ("result: sat", Some(Outcome::Sat)),
            ("no sat yet\nunsat\ntimeout: 116", Some(Outcome::Unsat)),
            ("timeout", Some(Outcome::Open)),
            ("unknown", Some(Outcome::Open)),
            ("sat_solver, saturated", None),
            ("", None),
        ] {
            assert_eq!(verdict(&words, text), expected, "{text}");
        }
        // A program that answers no properties may say so without meaning it.
        assert_eq!(verdict(&Words::default(), "timeout"), None);
    }

    #[test]
    fn verdicts_of_taut_are_outcomes() {
        let mut record = record("own", Outcome::Open, None, None);
        record.question = Asked::Property;
        for (verdict, expected) in [
            ("sat", Some(Outcome::Sat)),
            ("unsat", Some(Outcome::Unsat)),
            ("unknown", Some(Outcome::Open)),
            ("timeout", Some(Outcome::Open)),
            ("optimal", None),
        ] {
            let answer = json!({ "verdict": verdict, "seconds": 0.25 });
            assert_eq!(take(&mut record, answer), expected, "{verdict}");
        }
        assert_eq!(record.own_seconds, Some(0.25));
        assert_eq!(take(&mut record, json!({ "status": "optimal" })), None);
    }

    #[test]
    fn numbers_are_found_behind_words() {
        for (text, expected) in [
            (": -6.5e-1, x", Some(-0.65)),
            (" = 3", Some(3.0)),
            ("\": 12}", Some(12.0)),
            (" null", None),
            (": inf", None),
            ("", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
