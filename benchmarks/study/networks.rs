//! The networks of the study, and what bounds and regions say of each.

use std::path::Path;

use anyhow::{Context, ensure};
use taut::bounds::{LayerSummary, NeuronBounds, summarize};
use taut::io::read_network;
use taut::network::Network;
use taut::problem::{Problem, QuestionText};
use taut::regions::{RegionOptions, count};
use taut::scale::{SCALINGS, ScaleRecord, scale};
use taut::tighten::{TightenOptions, Tightening};

/// Methods of bounds that are set against each other.
pub const TIGHTENINGS: [&str; 3] = ["interval", "crown", "lp"];

/// A network, by its file `FUNCTION-LAYERSxWIDTH[-LEVER-STRENGTH][-sSEED].onnx`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The function that it was trained on.
    pub function: String,
    /// Hidden layers.
    pub depth: usize,
    /// Neurons of each.
    pub width: usize,
    /// What was done in training: plain, l1, l2, dropout, clipped or stability.
    pub lever: String,
    /// How strongly, as the recipe says; empty where it is plain.
    pub strength: String,
    /// Seed of the training.
    pub seed: u64,
}

/// A network and its properties on its box.
#[derive(Debug)]
pub struct Studied {
    /// What it is.
    pub name: Name,
    /// Root mean square error on test samples, in units of the function.
    pub error: f64,
    /// Activation patterns with a cell in the box.
    pub regions: f64,
    /// Layer by layer, by each of [`TIGHTENINGS`].
    pub layers: [Vec<LayerSummary>; 3],
    /// Sum of the big-M constants on CROWN bounds before and after the scaling "balance".
    pub scaled: [f64; 2],
    /// Regions after that scaling.
    pub scaled_regions: f64,
}

impl Name {
    /// Of a file.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (rest, seed) = match stem.rsplit_once("-s") {
            Some((rest, seed)) if seed.parse::<u64>().is_ok() => (rest, seed.parse()?),
            _ => (stem.as_str(), 0),
        };
        let mut words = rest.splitn(4, '-');
        let mut next = || words.next().with_context(|| format!("{stem}: no network of the study"));
        let (function, size) = (next()?.to_string(), next()?);
        let (depth, width) = size.split_once('x').with_context(|| format!("{stem}: no size"))?;
        let lever = words.next().unwrap_or("plain").to_string();
        let strength = words.next().unwrap_or_default().to_string();
        let (depth, width) = (depth.parse()?, width.parse()?);
        Ok(Self { function, depth, width, lever, strength, seed })
    }

    /// The same with other weights to start from: what is compared within a training seed.
    pub fn plain(&self) -> Self {
        Self { lever: "plain".to_string(), strength: String::new(), ..self.clone() }
    }
}

impl Studied {
    /// Reads a network and looks at it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = Name::of(path)?;
        let network = read_network(path)?;
        let domain = network.metadata().input_box.clone();
        let domain = domain.with_context(|| format!("{}: no box in it", path.display()))?;
        let question = QuestionText::default();
        let problem = Problem::parse(network, domain.clone(), &question)?;
        let origin = problem.network().metadata().origin.clone().unwrap_or_default();
        let error = origin.rsplit_once("test RMSE ").and_then(|(_, number)| number.parse().ok());
        let error = error.with_context(|| format!("{}: no test error in it", path.display()))?;
        let [interval, crown, lp] = TIGHTENINGS.map(|method| bounds(&problem, method));
        let (interval, crown, lp) = (interval?, crown?, lp?);
        let graph = problem.network_graph();
        let layers = [&interval, &crown, &lp].map(|bounds| summarize(graph, bounds));
        let balance = SCALINGS.iter().find(|scaling| scaling.name() == "balance");
        let scaled = scale(graph, &crown, *balance.context("no such scaling")?);
        let record = ScaleRecord::new(graph, &crown, &scaled);
        let network = Network::from_graph(&scaled.graph, problem.network())?;
        let after = Problem::parse(network, domain, &question)?;
        Ok(Self {
            name,
            error,
            regions: regions(&problem)?,
            layers,
            scaled: [record.before.big_m_sum, record.after.big_m_sum],
            scaled_regions: regions(&after)?,
        })
    }

    /// Share of the neurons that are stable, by one of [`TIGHTENINGS`].
    pub fn stable(&self, method: usize) -> f64 {
        let sum = |of: fn(&LayerSummary) -> usize| -> f64 {
            self.layers[method].iter().map(|layer| of(layer) as f64).sum()
        };
        1.0 - sum(|layer| layer.unstable) / sum(|layer| layer.neurons)
    }

    /// The greatest big-M constant of a layer, from 0, by one of [`TIGHTENINGS`].
    pub fn big_m(&self, method: usize, layer: usize) -> f64 {
        self.layers[method][layer].big_m_max
    }
}

fn bounds(problem: &Problem, method: &str) -> anyhow::Result<NeuronBounds> {
    let tightening = Tightening::all().into_iter().find(|known| known.name() == method);
    let tightening = tightening.context("no such bounds")?;
    let whole = problem.whole().context("an empty box")?;
    Ok(tightening.bounds(problem, whole, &TightenOptions::default())?.bounds)
}

fn regions(problem: &Problem) -> anyhow::Result<f64> {
    let counted = count(problem, &RegionOptions::default())?;
    ensure!(counted.exact, "{}: regions are not known exactly", problem.network().name());
    Ok(counted.patterns.context("no count")? as f64)
}
