//! Training step by step on a small problem, to compare with PyTorch
//! (`benchmarks/pytorch/README.md` has both formats):
//!
//! ```sh
//! cargo bench --bench train_steps -- PROBLEM.json > OTHER.json
//! ```

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use taut::network::Precision;
use taut::train::TrainingRecipe;
use taut::train::layers::{ActivationFunction, ActivationLayer, DenseLayer, TrainableLayer};
use taut::train::loss::Goals;
use taut::train::model::{Model, Pass};
use taut::train::optimizers::{Step, optimizers};
use taut::train::scalar::Scalar;

#[derive(Deserialize)]
struct Problem {
    precision: Precision,
    optimizer: serde_json::Map<String, Value>,
    layers: Vec<Layer>,
    inputs: Vec<Vec<f64>>,
    targets: Vec<Value>,
    batches: Vec<Vec<usize>>,
}

#[derive(Serialize, Deserialize)]
struct Layer {
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

#[derive(Serialize)]
struct StepRecord {
    loss: f64,
    gradients: Vec<Layer>,
}

fn main() -> anyhow::Result<()> {
    // Cargo adds an argument of its own.
    let path = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(path) = path else {
        eprintln!("nothing to do; expected a problem file (benchmarks/pytorch/README.md)");
        return Ok(());
    };
    let problem: Problem = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let (steps, layers) = match problem.precision {
        Precision::F32 => run::<f32>(&problem)?,
        Precision::F64 => run::<f64>(&problem)?,
    };
    println!("{}", serde_json::json!({ "steps": steps, "layers": layers }));
    Ok(())
}

fn run<S: Scalar>(problem: &Problem) -> anyhow::Result<(Vec<StepRecord>, Vec<Layer>)> {
    let mut model = model::<S>(problem);
    let (name, settings) = settings(problem)?;
    let optimizer = optimizers::<S>().iter().find(|o| o.name() == name).context("optimizer")?;
    let mut memory = vec![vec![S::default(); model.parameters().len()]; optimizer.memories()];
    let (width, outputs) = (model.inputs(), model.outputs());
    let goals = match problem.targets.first() {
        Some(Value::Array(_)) => {
            let numbers =
                problem.targets.iter().flat_map(|row| row.as_array().into_iter().flatten());
            Goals::Values(
                numbers.map(|number| S::of(number.as_f64().unwrap_or(f64::NAN))).collect(),
            )
        }
        _ => Goals::Labels(
            problem.targets.iter().map(|label| label.as_u64().unwrap_or(0) as usize).collect(),
        ),
    };
    let mut records = Vec::new();
    for (number, batch) in (1..).zip(&problem.batches) {
        let mut pass = Pass::new(&model, batch.len());
        let rows = pass.input(batch.len()).chunks_exact_mut(width);
        for (row, &sample) in rows.zip(batch) {
            row.iter_mut().zip(&problem.inputs[sample]).for_each(|(x, &value)| *x = S::of(value));
        }
        let mut wanted = goals.room(batch.len(), outputs);
        wanted.gather(&goals, batch, outputs);
        model.forward(&mut pass);
        let (values, gradient) = pass.output_gradient();
        let loss = wanted.loss(values, gradient, outputs, batch.len());
        model.backward(&mut pass);
        records.push(StepRecord { loss, gradients: layers(&model, pass.gradient()) });
        let step = Step { number, rate: settings.learning_rate, settings: &settings };
        optimizer.step(step, model.parameters_mut(), pass.gradient(), &mut memory);
    }
    let end = layers(&model, model.parameters());
    Ok((records, end))
}

fn model<S: Scalar>(problem: &Problem) -> Model<S> {
    let mut stack: Vec<Box<dyn TrainableLayer<S>>> = Vec::new();
    for (number, layer) in (1..).zip(&problem.layers) {
        let (inputs, outputs) = (layer.weights[0].len(), layer.weights.len());
        stack.push(Box::new(DenseLayer { inputs, outputs }));
        if number < problem.layers.len() {
            let function = ActivationFunction::Relu;
            stack.push(Box::new(ActivationLayer { elements: outputs, function }));
        }
    }
    let mut model = Model::new(stack);
    let numbers = problem
        .layers
        .iter()
        .flat_map(|layer| layer.weights.concat().into_iter().chain(layer.bias.clone()));
    let numbers: Vec<S> = numbers.map(S::of).collect();
    model.parameters_mut().copy_from_slice(&numbers);
    model
}

/// PyTorch's names of the settings, with its defaults.
fn settings(problem: &Problem) -> anyhow::Result<(String, TrainingRecipe)> {
    let options = &problem.optimizer;
    let name = options["name"].as_str().context("name of the optimizer")?.to_string();
    let number =
        |key: &str, default: f64| options.get(key).and_then(Value::as_f64).unwrap_or(default);
    let betas = options.get("betas").and_then(Value::as_array);
    let beta = |index: usize, default: f64| {
        betas.and_then(|betas| betas[index].as_f64()).unwrap_or(default)
    };
    let recipe = TrainingRecipe {
        learning_rate: number("learning_rate", 1e-3),
        momentum: number("momentum", 0.0),
        beta1: beta(0, 0.9),
        beta2: beta(1, 0.999),
        epsilon: number("eps", 1e-8),
        weight_decay: number("weight_decay", if name == "adamw" { 1e-2 } else { 0.0 }),
        ..TrainingRecipe::default()
    };
    Ok((name, recipe))
}

fn layers<S: Scalar>(model: &Model<S>, numbers: &[S]) -> Vec<Layer> {
    let wide = |numbers: &[S]| numbers.iter().map(|number| number.wide()).collect::<Vec<f64>>();
    let layers = model.weighted().into_iter().map(|layer| Layer {
        weights: numbers[layer.weights].chunks(layer.columns).map(wide).collect(),
        bias: wide(&numbers[layer.bias]),
    });
    layers.collect()
}
