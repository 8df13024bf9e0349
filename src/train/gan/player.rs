//! A network of the game, with what its optimiser remembers.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::recipe::{GanRecipe, PlayerRecipe};
use crate::control::Clock;
use crate::train::architecture::layers;
use crate::train::data::{Dataset, Targets};
use crate::train::initializers::{INITIALIZERS, Start};
use crate::train::model::Model;
use crate::train::optimizers::{Optimizer, Step, optimizers};
use crate::train::scalar::{Scalar, narrow, wide};
use crate::train::{Halt, InitRecipe, Stream, TrainError, TrainingRecipe};

/// A network with what its optimiser remembers.
#[derive(Debug)]
pub struct Player<S: Scalar> {
    /// The network.
    pub model: Model<S>,
    memories: Vec<Vec<S>>,
    optimizer: &'static dyn Optimizer<S>,
}

/// The numbers of a player.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayerState {
    /// Weights and biases.
    pub parameters: Vec<f64>,
    /// What the optimiser remembers.
    pub memories: Vec<Vec<f64>>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It makes samples.
    Generator,
    /// It scores them.
    Discriminator,
}

impl Role {
    /// Name in recipes, records and names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Discriminator => "discriminator",
        }
    }

    fn recipe(self, recipe: &GanRecipe) -> &PlayerRecipe {
        match self {
            Self::Generator => &recipe.generator,
            Self::Discriminator => &recipe.discriminator,
        }
    }

    fn sizes(self, recipe: &GanRecipe, width: usize) -> (usize, usize) {
        match self {
            Self::Generator => (recipe.game.latent, width),
            Self::Discriminator => (width, 1),
        }
    }
}

impl<S: Scalar> Player<S> {
    /// With weights of 0, for samples of so many numbers.
    ///
    /// # Errors
    /// A network that is too large.
    pub fn new(role: Role, recipe: &GanRecipe, width: usize) -> Result<Self, TrainError> {
        let (inputs, outputs) = role.sizes(recipe, width);
        let network = role.recipe(recipe).network();
        let model = Model::new(layers(&network, inputs, None, outputs)?);
        let optimizer = *optimizers::<S>()
            .iter()
            .find(|optimizer| optimizer.name() == "adam")
            .expect("Adam is an optimiser");
        let memories = vec![vec![S::default(); model.parameters().len()]; optimizer.memories()];
        Ok(Self { model, memories, optimizer })
    }

    /// Draws the weights to begin with.
    ///
    /// # Errors
    /// The clock has ended it.
    pub fn begin(&mut self, role: Role, recipe: &GanRecipe, clock: &Clock) -> Result<(), Halt> {
        let weighted = self.model.weighted();
        let shapes: Vec<(usize, usize)> = weighted.iter().map(|l| (l.rows, l.columns)).collect();
        let name = &recipe.init.weights;
        let method = INITIALIZERS.iter().find(|method| method.name() == name);
        let method =
            method.ok_or_else(|| TrainError::key("init.weights", name, "a known method"))?;
        let (network, data) = (role.recipe(recipe).network(), nothing());
        let settings = InitRecipe::default();
        let start =
            Start { shapes: &shapes, network: &network, settings: &settings, data: &data, clock };
        let number = match role {
            Role::Generator => 0,
            Role::Discriminator => 1,
        };
        let mut random = Stream::Initialization.numbered(recipe.seed, number);
        let initial = method.initialize(&start, &mut random)?;
        let numbers = initial.iter().flat_map(|(weights, bias)| weights.iter().chain(bias));
        for (parameter, &number) in self.model.parameters_mut().iter_mut().zip(numbers) {
            *parameter = S::of(number);
        }
        Ok(())
    }

    /// Follows a gradient by one step, the `number`th of its kind from 1.
    pub fn follow(&mut self, gradient: &[S], number: u64, rate: f64, settings: &TrainingRecipe) {
        let step = Step { number, rate, settings };
        self.optimizer.step(step, self.model.parameters_mut(), gradient, &mut self.memories);
    }

    /// Forgets what the optimiser remembers: what comes is another problem.
    pub fn forget(&mut self) {
        self.memories.iter_mut().for_each(|memory| memory.fill(S::default()));
    }

    /// The numbers as they are.
    pub fn state(&self) -> PlayerState {
        PlayerState {
            parameters: wide(self.model.parameters()),
            memories: self.memories.iter().map(|memory| wide(memory)).collect(),
        }
    }

    /// Takes over numbers.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`]: they are of another network.
    pub fn restore(&mut self, state: &PlayerState) -> Result<(), TrainError> {
        let count = self.model.parameters().len();
        let lists = std::iter::once(&state.parameters).chain(&state.memories);
        let wrong = lists.map(Vec::len).find(|&length| length != count);
        if let Some(length) = wrong {
            let found = format!("{length} parameters");
            return Err(TrainError::Checkpoint { found, expected: count.to_string() });
        }
        if state.memories.len() != self.memories.len() {
            let found = format!("{} vectors of an optimiser", state.memories.len());
            let expected = self.memories.len().to_string();
            return Err(TrainError::Checkpoint { found, expected });
        }
        self.model.parameters_mut().copy_from_slice(&narrow(&state.parameters));
        self.memories = state.memories.iter().map(|memory| narrow(memory)).collect();
        Ok(())
    }
}

/// What an initialisation that looks at no data may look at.
fn nothing() -> Dataset {
    Dataset {
        inputs: Array2::zeros((0, 0)),
        targets: Targets::Classes { labels: Vec::new(), names: Vec::new() },
        input_names: Vec::new(),
        shape: None,
        domain: None,
    }
}
