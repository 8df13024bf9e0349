//! `taut gan RECIPE.toml -o DIR`.

mod game;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::builder::{PossibleValue, TypedValueParser};
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::check_writable;
use taut::plot::{self, SamplePlot};
use taut::train::gan::{GanInit, GanRecipe, GanReport, GanSummary, World, prepare, summaries};

use super::format::FormatArgs;
use super::overrides::{self, Override};
use super::progress;
use super::session::Session;
use super::shared::{PictureSizeArgs, TimeLimitArgs, check_threads, one_of};
use game::{FILES, Game, diverged, name, played};

/// Arguments of `gan`.
#[derive(clap::Args)]
pub struct Args {
    /// Recipe file (.toml).
    recipe: PathBuf,
    /// Folder for the networks, logs and checkpoints, in a folder for each game.
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: PathBuf,
    /// Games, with the seed of the recipe and those that follow (a count).
    #[arg(long, value_name = "COUNT", default_value = "1", help_heading = "Recipe")]
    seeds: u32,
    /// How games begin, separated by commas: each seed in each of these ways
    /// [default: as the recipe says].
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Recipe",
          value_parser = inits())]
    init: Vec<GanInit>,
    /// What all random numbers come from (a whole number) [default: that of the recipe].
    #[arg(long, value_name = "NUMBER", help_heading = "Recipe")]
    seed: Option<u64>,
    /// Threads (a count); the result is the same for every number [default: 1].
    #[arg(long, value_name = "COUNT", help_heading = "Recipe")]
    threads: Option<usize>,
    /// Any other key of the recipe, such as game.r1=0.1 (can be repeated).
    #[arg(long, value_name = "TABLE.KEY=VALUE", help_heading = "Recipe")]
    set: Vec<String>,
    /// Go on with the games of the folder; the end is that of games that were not interrupted.
    #[arg(long)]
    resume: bool,
    /// File for a picture of samples over the training, a row a game (.svg, .png, .pdf).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    size: PictureSizeArgs,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    format: FormatArgs,
}

fn inits() -> impl TypedValueParser<Value = GanInit> {
    one_of(GanInit::ALL.map(|init| {
        let help = match init {
            GanInit::Plain => "Random weights",
            GanInit::Cooperative => "Random weights, then cooperative steps",
        };
        (PossibleValue::new(init.name()).help(help), init)
    }))
}

/// Most games of a command.
const MOST_GAMES: u32 = 10_000;

/// What games led to.
#[derive(Serialize, JsonSchema)]
pub struct Games {
    /// Figures of each game, seed by seed.
    runs: Vec<GanReport>,
    /// What they come to, for each way to begin.
    summary: Vec<GanSummary>,
    /// Share of images apart whose class the classifier says that others are measured by; none
    /// of a mixture.
    classifier_accuracy: Option<f64>,
    /// The limit, or the interrupt, that came first.
    stopped_by: Option<StoppedBy>,
    /// The recipe with all its keys.
    recipe: GanRecipe,
    #[serde(skip)]
    written: Vec<PathBuf>,
}

/// Plays, writes what was asked for, prints figures.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Games> {
    args.time_limit.read(session)?;
    let recipe = recipe(args)?;
    let games = games(args, &recipe)?;
    check_outputs(args, &games)?;
    session.head.network = Some(recipe.title.clone());
    session.head.seed = Some(recipe.seed);
    session.head.threads = Some(recipe.training.threads);
    let (of, path, clock) = (recipe.clone(), args.recipe.clone(), session.clock);
    let world = session.read(move || {
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(prepare(&of, folder, &clock)?)
    })?;
    let mut found = Games {
        runs: Vec::new(),
        summary: Vec::new(),
        classifier_accuracy: None,
        stopped_by: None,
        recipe,
        written: Vec::new(),
    };
    match world {
        Err(reason) => found.stopped_by = Some(reason),
        Ok(world) => found.play(args, &world, &games, session)?,
    }
    found.summary = summaries(&found.runs);
    Ok(found)
}

impl Games {
    fn play(
        &mut self,
        args: &Args,
        world: &World,
        games: &[GanRecipe],
        session: &Session,
    ) -> anyhow::Result<()> {
        self.classifier_accuracy = world.judge.accuracy();
        let mut picture = SamplePlot::new(&world.source);
        for (index, recipe) in games.iter().enumerate() {
            let name = name(recipe);
            progress::set_title(&format!("{name} ({} of {})", index + 1, games.len()));
            tracing::info!("game: {name}");
            let folder = args.output.join(&name);
            let game = played(&folder, recipe, world, args.resume, session);
            let Game { report, state } = match game {
                Err(error) if games.len() > 1 => diverged(recipe, world, error)?,
                game => game?,
            };
            if let Some(state) = state {
                picture.add(name, state.panels);
            }
            self.stopped_by = report.stopped_by;
            self.runs.push(report);
            if self.stopped_by.is_some() {
                break;
            }
        }
        self.written.push(args.output.clone());
        if let Some(path) = &args.plot {
            plot::write(path, &picture.canvas(&self.recipe.title, args.size.size))?;
            self.written.push(path.clone());
        }
        Ok(())
    }
}

/// The recipe, overridden by flags.
fn recipe(args: &Args) -> anyhow::Result<GanRecipe> {
    args.threads.map(check_threads).transpose()?;
    let mut list: Vec<Override> = Vec::new();
    list.extend(args.seed.map(|seed| ("seed".to_string(), overrides::whole(seed))));
    let threads = args.threads.map(|threads| overrides::whole(threads as u64));
    list.extend(threads.map(|threads| ("training.threads".to_string(), threads)));
    list.extend(overrides::settings(&args.set)?);
    let path = &args.recipe;
    let mut recipe = overrides::read(path, list, GanRecipe::from_toml, GanRecipe::validate)?;
    overrides::name_by(&mut recipe.title, path);
    Ok(recipe)
}

/// The recipe of each game, seed by seed.
fn games(args: &Args, recipe: &GanRecipe) -> anyhow::Result<Vec<GanRecipe>> {
    let seeds = args.seeds;
    ensure!(
        (1..=MOST_GAMES).contains(&seeds),
        "--seeds: found {seeds}; expected 1 to {MOST_GAMES}"
    );
    let last = recipe.seed.checked_add(u64::from(seeds) - 1);
    ensure!(last.is_some(), "--seeds: found {seeds} from {}; expected fewer", recipe.seed);
    let mut inits = args.init.clone();
    if inits.is_empty() {
        inits.push(recipe.init.method);
    }
    let mut games = Vec::new();
    for seed in 0..u64::from(seeds) {
        for (index, &method) in inits.iter().enumerate() {
            ensure!(!inits[..index].contains(&method), "--init: found '{}' twice", method.name());
            let mut game = recipe.clone();
            (game.seed, game.init.method) = (recipe.seed + seed, method);
            game.validate().with_context(|| args.recipe.display().to_string())?;
            games.push(game);
        }
    }
    if args.plot.is_some() {
        SamplePlot::check(games.len())?;
    }
    Ok(games)
}

/// What would otherwise fail after the first game.
fn check_outputs(args: &Args, games: &[GanRecipe]) -> anyhow::Result<()> {
    args.plot.as_deref().map(plot::check_output).transpose()?;
    for game in games {
        let folder = args.output.join(name(game));
        let shown = folder.display();
        ensure!(
            args.resume || FILES.iter().all(|file| !folder.join(file).exists()),
            "{shown}: found a game; expected another folder for --output, or --resume to go on"
        );
    }
    for game in games {
        let folder = args.output.join(name(game));
        std::fs::create_dir_all(&folder).with_context(|| {
            format!("{}: found no folder and cannot make one", folder.display())
        })?;
        FILES.iter().try_for_each(|file| check_writable(&folder.join(file)))?;
    }
    Ok(())
}
