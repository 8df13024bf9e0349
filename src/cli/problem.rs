//! From arguments to a problem.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use taut::io::{read_box, read_instance, read_network};
use taut::message::excerpt;
use taut::network::Network;
use taut::num::IntervalBox;
use taut::problem::{ExpressionError, Problem, ProblemError, QuestionText, Sense};

use super::args::{BoxArgs, ProblemArgs};

/// A time in seconds from an option.
pub fn time_limit(name: &str, seconds: Option<f64>) -> anyhow::Result<Option<Duration>> {
    let Some(seconds) = seconds else { return Ok(None) };
    let limit = Duration::try_from_secs_f64(seconds).ok().with_context(|| {
        format!("{name} is {seconds} s; expected more than 0 and less than 1.8e19 seconds")
    });
    limit.map(Some)
}

/// The time for programs that tighten bounds.
pub fn tighten_time(seconds: Option<f64>) -> anyhow::Result<Option<Duration>> {
    let limit = time_limit("tighten time", seconds)?;
    if limit.is_some_and(|limit| limit.is_zero()) {
        bail!("tighten time is 0 s; expected more than 0 seconds");
    }
    Ok(limit)
}

/// Reads the problem; what the arguments say goes before what files say. The
/// direction is that of the command, if it has one.
pub fn read(args: &ProblemArgs, sense: Option<Sense>) -> anyhow::Result<Problem> {
    // A command without a direction asks nothing of the objective.
    let without = sense.is_none().then_some("0");
    read_or(args, sense, without)
}

/// Reads the problem with its objective; the direction is that of the files where
/// none is given.
pub fn read_with_objective(args: &ProblemArgs, sense: Option<Sense>) -> anyhow::Result<Problem> {
    read_or(args, sense, None)
}

fn read_or(
    args: &ProblemArgs,
    sense: Option<Sense>,
    objective: Option<&str>,
) -> anyhow::Result<Problem> {
    let is_instance = args.problem.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    let (network, stored, mut question) = match is_instance {
        true => read_instance_parts(&args.problem)?,
        false => {
            let network = read_network(&args.problem)?;
            let stored = network.metadata().input_box.clone();
            (network, stored, QuestionText::default())
        }
    };
    let domain = match read_domain(&args.domain, &network)? {
        Some(domain) => {
            question.reference = None;
            domain
        }
        None => stored.with_context(|| {
            format!(
                "{}: no box of inputs; expected one in the file, --lower and --upper, or --box",
                args.problem.display()
            )
        })?,
    };
    question.objective = question.objective.or(objective.map(str::to_string));
    let sense = sense.unwrap_or(question.sense);
    if sense != question.sense
        || args.objective.is_some()
        || args.integer.is_some()
        || !args.constraints.is_empty()
    {
        question.reference = None;
    }
    if is_instance && sense != question.sense {
        tracing::warn!("the instance asks for the opposite; the command decides: {sense:?}");
    }
    question.sense = sense;
    question.objective = args.objective.clone().or(question.objective);
    question.integer = args.integer.clone().unwrap_or(question.integer);
    question.constraints.extend(args.constraints.iter().cloned());
    let problem = Problem::parse(network, domain, &question).map_err(quoted);
    problem.with_context(|| args.problem.display().to_string())
}

/// The error with as much of an expression as a message quotes.
fn quoted(error: ProblemError) -> ProblemError {
    let shortened = |error: ExpressionError| {
        let text = excerpt(&error.text).into_owned();
        ExpressionError { text, ..error }
    };
    match error {
        ProblemError::Objective(error) => ProblemError::Objective(shortened(error)),
        ProblemError::Constraint(error) => ProblemError::Constraint(shortened(error)),
        other => other,
    }
}

/// The box that the arguments give, if any.
pub fn read_domain(args: &BoxArgs, network: &Network) -> anyhow::Result<Option<IntervalBox>> {
    if let Some(path) = &args.file {
        return Ok(Some(read_box(path)?));
    }
    let (Some(lower), Some(upper)) = (&args.lower, &args.upper) else { return Ok(None) };
    let lower = numbers("--lower", lower, network.inputs())?;
    let upper = numbers("--upper", upper, network.inputs())?;
    Ok(Some(IntervalBox::new(lower, upper)?))
}

/// One number for all inputs, or one an input.
pub fn numbers(option: &str, text: &str, inputs: usize) -> anyhow::Result<Vec<f64>> {
    let parse = |part: &str| {
        let part = part.trim();
        let number: Option<f64> = part.parse().ok();
        number.with_context(|| format!("{option}: found '{}', expected a number", excerpt(part)))
    };
    let numbers: Vec<f64> = text.split(',').map(parse).collect::<Result<_, _>>()?;
    match numbers.as_slice() {
        [number] => Ok(vec![*number; inputs]),
        _ if numbers.len() == inputs => Ok(numbers),
        _ => bail!(
            "{option}: found {} numbers, expected 1 or as many as the network has inputs, {inputs}",
            numbers.len()
        ),
    }
}

fn read_instance_parts(
    path: &Path,
) -> anyhow::Result<(Network, Option<IntervalBox>, QuestionText)> {
    let instance = read_instance(path)?;
    let network = read_network(&instance.network).with_context(|| path.display().to_string())?;
    let stored = instance.domain(&network).with_context(|| path.display().to_string())?;
    Ok((network, stored, instance.question()))
}
