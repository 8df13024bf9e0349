//! From arguments to a problem.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use taut::io::{
    Instance, ReadOptions, StoredBox, read_instance, read_network_and_hash, stored_box,
};
use taut::message::excerpt;
use taut::network::Network;
use taut::problem::{
    ExpressionError, NO_WHOLE_NUMBER, Part, Problem, ProblemError, QuestionText, Sense, Vocabulary,
};

use super::domain::BoxArgs;
use super::kinds::{self, Expected};
use super::reading::{ReadingArgs, tell_of_clipping, tell_of_reading};
use super::record::{NetworkFile, Question};
use super::session::Session;
use super::text::count;

/// A network, its box and a question.
#[derive(Args, Clone)]
pub struct ProblemArgs {
    /// Instance file (.toml), or network file (.onnx, .json, .nnet, .npz, and .gz behind it; - for
    /// the standard input) with a box.
    pub problem: PathBuf,
    #[command(flatten)]
    pub domain: BoxArgs,
    /// What to optimise, such as "y0 - 2 y1 + 0.5 x0" [default: the
    /// instance's, or y0 where the network has one output].
    #[arg(help_heading = "Question", long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub objective: Option<String>,
    /// Constraint on inputs and outputs, such as "x0 + x1 <= 2"; repeatable, in
    /// addition to the instance's.
    #[arg(
        help_heading = "Question",
        long = "constraint",
        value_name = "CONSTRAINT",
        allow_hyphen_values = true
    )]
    pub constraints: Vec<String>,
    /// Inputs that must be whole numbers: names, indices from 0 or ranges, separated by
    /// commas, such as x0,3 or 0-3 [default: the instance's, or none].
    #[arg(help_heading = "Question", long, value_name = "INPUTS", value_delimiter = ',')]
    pub integer: Option<Vec<String>>,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// What a command asks of the objective.
#[derive(Clone, Copy)]
pub enum Objective {
    /// Nothing: it need not be given.
    Unasked,
    /// Its best value, in this direction or else in that of the files.
    Best(Option<Sense>),
}

impl ProblemArgs {
    /// The problem of a file over a box, without more arguments.
    pub fn of(problem: &Path, domain: &BoxArgs, reading: ReadingArgs) -> Self {
        Self {
            problem: problem.to_path_buf(),
            domain: domain.clone(),
            objective: None,
            constraints: Vec::new(),
            integer: None,
            reading,
        }
    }

    /// Reads the problem within the session's time and puts it into its head; what the
    /// arguments say goes before what files say.
    pub fn read(&self, objective: Objective, session: &mut Session) -> anyhow::Result<Problem> {
        session.head.question = Question::of_file(&self.problem, is_instance(&self.problem));
        let args = self.clone();
        let (problem, question) = session.read(move || args.load(objective))?;
        session.head.network = Some(problem.network().name().to_string());
        session.head.question = question;
        Ok(problem)
    }

    fn load(&self, asked: Objective) -> anyhow::Result<(Problem, Question)> {
        let mut record = Question::of_file(&self.problem, is_instance(&self.problem));
        let Files { network, stored, mut question, sense: stated } = self.files(&mut record)?;
        let domain = match self.domain.read(&network, stored.as_ref().map(|found| &found.domain))? {
            Some(domain) => {
                question.reference = None;
                record.box_file = self.domain.file.clone();
                domain
            }
            None => {
                let stored = stored.with_context(|| {
                    format!(
                        "{}: no box of inputs; expected one in the file, --lower and --upper, or --box",
                        self.problem.display()
                    )
                })?;
                record.box_stored_in(stored.file);
                stored.domain
            }
        };
        tell_of_clipping(&network, &domain, &self.problem);
        let sense = match asked {
            Objective::Best(Some(sense)) => sense,
            Objective::Best(None) | Objective::Unasked => question.sense,
        };
        if sense != question.sense
            || self.objective.is_some()
            || self.integer.is_some()
            || !self.constraints.is_empty()
        {
            question.reference = None;
        }
        if let Some(stated) = stated.filter(|stated| *stated != sense) {
            let (file, stated, decided) = (self.problem.display(), stated.name(), sense.name());
            tracing::warn!("{file} asks to {stated}; the command decides: {decided}");
        }
        question.sense = sense;
        question.objective = self.objective.clone().or(question.objective);
        if let Some(words) = &self.integer {
            question.integer = inputs("--integer", words, &Vocabulary::of(&network))?;
        }
        question.constraints.extend(self.constraints.iter().cloned());
        let optimizes = question.objective.is_some() || matches!(asked, Objective::Best(_));
        if !optimizes {
            question.objective = Some("0".to_string());
        }
        let problem = Problem::parse(network, domain, &question).map_err(quoted);
        let problem = problem.with_context(|| self.problem.display().to_string())?;
        tell_of(&problem);
        record.ask(&problem, optimizes);
        Ok((problem, record))
    }

    /// The network, its box and the question as the files have them.
    fn files(&self, record: &mut Question) -> anyhow::Result<Files> {
        kinds::check(&self.problem, Expected::Problem)?;
        let Loaded { network, file, instance } =
            Loaded::read(&self.problem, &self.reading.options())?;
        record.network = Some(file);
        let Some(instance) = instance else {
            let stored = self.domain.unless_given(|| stored_box(&network, &self.problem))?;
            return Ok(Files { network, stored, question: QuestionText::default(), sense: None });
        };
        record.title = instance.title.clone();
        let domain = instance.domain().with_context(|| self.problem.display().to_string())?;
        let stored = match domain {
            Some(domain) => Some(StoredBox { domain, file: self.problem.clone() }),
            None => self.domain.unless_given(|| stored_box(&network, &instance.network))?,
        };
        let sense = instance.sense;
        Ok(Files { network, stored, question: instance.question(), sense })
    }
}

/// Whether a file is an instance, by its name.
pub fn is_instance(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"))
}

/// A network that was read, and what asks of it.
pub struct Loaded {
    /// The network, in the words of the instance if there is one.
    pub network: Network,
    /// Its file, for the record.
    pub file: NetworkFile,
    /// The instance whose network it is.
    pub instance: Option<Instance>,
}

impl Loaded {
    /// Reads the network of a file, or an instance with its network.
    pub fn read(path: &Path, options: &ReadOptions) -> anyhow::Result<Self> {
        tracing::info!("read: {}", path.display());
        if !is_instance(path) {
            let (network, hash) = read_network_and_hash(path, options)?;
            let file = NetworkFile::read(path, hash, &network);
            tell_of_reading(&network, path);
            return Ok(Self { network, file, instance: None });
        }
        let place = || path.display().to_string();
        let instance = read_instance(path)
            .map_err(|error| kinds::instead_of_an_instance(path).unwrap_or_else(|| error.into()))?;
        kinds::check(&instance.network, Expected::Network).with_context(place)?;
        tracing::info!("read: {}", instance.network.display());
        let read = read_network_and_hash(&instance.network, options);
        let (network, hash) = read.with_context(place)?;
        let file = NetworkFile::read(&instance.network, hash, &network);
        let network = instance.in_its_words(network, path)?;
        tell_of_reading(&network, &instance.network);
        Ok(Self { network, file, instance: Some(instance) })
    }
}

/// What files say of a problem.
struct Files {
    network: Network,
    stored: Option<StoredBox>,
    question: QuestionText,
    /// The direction, if one is stated.
    sense: Option<Sense>,
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

/// What was read, for the log.
fn tell_of(problem: &Problem) {
    let network = problem.network();
    let constraints = count(problem.constraints().len(), "constraint");
    tracing::info!(
        "problem: {}, {} ({} integer), {}, {constraints}",
        network.name(),
        count(network.inputs(), "input"),
        problem.integer().len(),
        count(network.outputs(), "output"),
    );
}

/// Inputs that an option names: by name, by index from 0, or as ranges of these.
pub fn inputs(
    option: &str,
    words: &[String],
    vocabulary: &Vocabulary<'_>,
) -> anyhow::Result<Vec<usize>> {
    let one = |word: &str| match word.parse() {
        Ok(index) => Ok(index),
        Err(_) => vocabulary.input(word),
    };
    let mut found = Vec::new();
    for word in words.iter().map(|word| word.trim()) {
        let ends = word.split_once("..").or_else(|| word.split_once('-'));
        let ends = ends.and_then(|(from, to)| Some((one(from.trim()).ok()?, one(to.trim()).ok()?)));
        match (one(word), ends) {
            (Ok(index), _) => found.push(index),
            (Err(_), Some((from, to))) if from <= to && to < vocabulary.inputs => {
                found.extend(from..=to);
            }
            (Err(what), ends) => {
                let what = match ends {
                    Some(_) => format!(
                        "the network has {}, counted from 0",
                        count(vocabulary.inputs, "input")
                    ),
                    None => what,
                };
                let word = excerpt(word);
                bail!(
                    "{option}: found '{word}', expected inputs by name or index, such as x0,3 or \
                     0-3: {what}"
                );
            }
        }
    }
    Ok(found)
}

/// The whole of the problem, whose integer inputs have bounds that are whole numbers.
pub fn whole(problem: &Problem) -> anyhow::Result<&Part> {
    problem.whole().context(NO_WHOLE_NUMBER)
}
