//! What a network really does: its predictions on a large fresh sample of a problem whose answer is known.

use tch::{Device, Kind, Tensor};
use whymean::{
    data::{self, Samples},
    experiment::{Data, Experiment, Scaling, Source},
    model::{Mode, Net},
};

use crate::{
    Failure,
    case::{Case, Material, function_samples},
    draw::Draw,
    problem::Drawn,
    truth::{Measured, OutputMeasure},
};

/// Size of the fresh sample.
const FRESH: usize = 4_000;

/// Share of the variance up to which a signal is none.
const NOTHING: f64 = 0.003;

/// Measures a trained network, given its weights; without weights the untrained one.
pub fn measure(case: &Case, experiment: &Experiment, weights: Option<&std::path::Path>) -> Result<Measured, Failure> {
    let _no_gradient = tch::no_grad_guard();
    let dataset = data::load(&experiment.data)?;
    let outputs = dataset.outputs.len();
    let shape: Vec<i64> = dataset.input_shape.iter().map(|side| *side as i64).collect();
    let mut net = Net::new(&experiment.model, &dataset.input_shape, outputs, case.seed, Device::Cpu)?;
    if let Some(path) = weights {
        net.load_state(&Tensor::read_safetensors(path)?)?;
    }
    let fresh = Fresh::new(case, experiment)?;
    let initial = weights.is_none();
    let predictions = predict(&net, &fresh.inputs, &shape, FRESH, Mode::Eval)?;
    let seen = predict(&net, &dataset.train.inputs, &shape, FRESH, Mode::Eval)?;
    // Last, because this path moves the running statistics.
    tch::manual_seed(7);
    let batch = experiment.training.batch_size as usize;
    let walked = if initial { seen.clone() } else { predict(&net, &dataset.train.inputs, &shape, batch, Mode::Train)? };
    let measured = (0..outputs).map(|output| {
        let column = |values: &[f64]| -> Vec<f64> { values.iter().skip(output).step_by(outputs).copied().collect() };
        let known = Known {
            means: column(&fresh.means),
            variances: column(&fresh.variances),
            train: column(&widened(&dataset.train.targets)),
        };
        known.against(&column(&predictions), &column(&seen), &column(&walked))
    });
    Ok(Measured {
        outputs: measured.collect(),
        train_samples: dataset.train.count,
        validation_samples: dataset.validation.count,
        features: dataset.input_shape.iter().product(),
    })
}

fn widened(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Row-major predictions; whole batches only on the training path, where a lone sample has no statistics.
fn predict(net: &Net, inputs: &[f32], shape: &[i64], batch: usize, mode: Mode) -> Result<Vec<f64>, Failure> {
    let size = shape.iter().product::<i64>().max(1) as usize;
    let mut predictions = Vec::new();
    for part in inputs.chunks(batch * size) {
        let mut sizes = vec![(part.len() / size) as i64];
        sizes.extend(shape);
        let taps = net.forward(&Tensor::from_slice(part).f_reshape(&sizes)?, mode)?;
        let last = taps.last().ok_or("a network without layers")?;
        let mut values = vec![0.0f32; last.numel()];
        last.f_to_kind(Kind::Float)?.f_contiguous()?.f_copy_data(&mut values, last.numel())?;
        predictions.extend(widened(&values));
    }
    Ok(predictions)
}

/// A fresh sample, scaled as the network saw its training set.
struct Fresh {
    inputs: Vec<f32>,
    means: Vec<f64>,
    variances: Vec<f64>,
}

impl Fresh {
    fn new(case: &Case, experiment: &Experiment) -> Result<Self, Failure> {
        let unscaled = Data { scale_inputs: Scaling::None, scale_targets: Scaling::None, ..experiment.data.clone() };
        let train = data::load(&unscaled)?.train;
        let drawn = fresh_sample(case, experiment)?;
        let outputs = case.material.outputs();
        let features = drawn.inputs.len() / (drawn.means.len() / outputs).max(1);
        let targets = scaling(experiment.data.scale_targets, &train.targets, outputs);
        let inputs = match &case.material {
            // Images are scaled by channel, and never here.
            Material::Boxes { .. } => vec![(0.0, 1.0); features],
            Material::Table(_) | Material::Function { .. } => {
                scaling(experiment.data.scale_inputs, &train.inputs, features)
            }
        };
        let apply = |values: &[f64], by: &[(f64, f64)]| -> Vec<f64> {
            values.iter().zip(by.iter().cycle()).map(|(value, (shift, divisor))| (value - shift) / divisor).collect()
        };
        let squared: Vec<(f64, f64)> = targets.iter().map(|(_, divisor)| (0.0, divisor * divisor)).collect();
        Ok(Self {
            inputs: apply(&drawn.inputs, &inputs).iter().map(|value| *value as f32).collect(),
            means: apply(&drawn.means, &targets),
            variances: apply(&drawn.variances, &squared),
        })
    }
}

fn fresh_sample(case: &Case, experiment: &Experiment) -> Result<Drawn, Failure> {
    let mut draw = Draw::new(&format!("fresh sample of {}", case.id));
    if let Material::Table(problem) = &case.material {
        return Ok(problem.draw(FRESH, &mut draw));
    }
    if let Some(drawn) = function_samples(&case.material, FRESH, &mut draw) {
        return Ok(drawn);
    }
    let Material::Boxes { noise, .. } = &case.material else { return Err("no fresh sample of this kind".into()) };
    let Samples { inputs, targets, .. } = data::load(&other_images(&experiment.data))?.train;
    let means = widened(&targets);
    let variances = vec![noise * noise; means.len()];
    Ok(Drawn { inputs: widened(&inputs), targets: means.clone(), means, variances })
}

/// The same source of images with another seed, without noise and in its own units.
fn other_images(data: &Data) -> Data {
    let unscaled = Data { scale_inputs: Scaling::None, scale_targets: Scaling::None, ..data.clone() };
    let mut other = Data { seed: data.seed + (1 << 40), ..unscaled };
    if let Source::Boxes { train_samples, noise, .. } = &mut other.source {
        *noise = 0.0;
        *train_samples = FRESH as u32 / 2;
    }
    other
}

/// Shift and divisor of each column.
fn scaling(scaling: Scaling, values: &[f32], columns: usize) -> Vec<(f64, f64)> {
    let column = |index: usize| -> Vec<f64> {
        values.iter().skip(index).step_by(columns).map(|value| f64::from(*value)).collect()
    };
    let fit = |index: usize| {
        let values = column(index);
        let (shift, divisor) = match scaling {
            Scaling::None => (0.0, 1.0),
            Scaling::Standard => (mean(&values), variance(&values).sqrt()),
            Scaling::MinMax => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low)
            }
        };
        (shift, if divisor > 0.0 { divisor } else { 1.0 })
    };
    (0..columns).map(fit).collect()
}

/// One output's answer.
struct Known {
    means: Vec<f64>,
    variances: Vec<f64>,
    train: Vec<f64>,
}

impl Known {
    fn against(&self, fresh: &[f64], seen: &[f64], walked: &[f64]) -> OutputMeasure {
        let noise = mean(&self.variances);
        let signal = variance(&self.means);
        let total = signal + noise;
        let error = mean(&fresh.iter().zip(&self.means).map(|(p, m)| (p - m).powi(2)).collect::<Vec<_>>()) + noise;
        let spread = variance(fresh);
        let together = covariance(fresh, &self.means);
        let skill_on = |predictions: &[f64]| {
            let pairs = predictions.iter().zip(&self.train);
            1.0 - mean(&pairs.map(|(p, y)| (p - y).powi(2)).collect::<Vec<_>>()) / variance(&self.train)
        };
        OutputMeasure {
            finite: fresh.iter().chain(seen).all(|value| value.is_finite()),
            // Less is the rounding of a mean that does not move, or far less than some hundred samples can show.
            attainable: if signal > NOTHING * total { signal / total } else { 0.0 },
            skill: 1.0 - error / total,
            spread: (spread / total).sqrt(),
            corr: if spread > 0.0 && signal > 0.0 { together / (spread * total).sqrt() } else { 0.0 },
            slope: if spread > 0.0 { together / spread } else { 0.0 },
            train_skill: skill_on(seen),
            train_spread: (variance(seen) / variance(&self.train)).sqrt(),
            path_skill: skill_on(walked),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn covariance(one: &[f64], other: &[f64]) -> f64 {
    let (a, b) = (mean(one), mean(other));
    one.iter().zip(other).map(|(x, y)| (x - a) * (y - b)).sum::<f64>() / one.len().max(1) as f64
}

fn variance(values: &[f64]) -> f64 {
    covariance(values, values)
}

/// Whether predictions are one constant on the training set, up to the rounding of their sums; what is no number is none.
pub fn is_constant(spread: f64) -> bool {
    spread <= 1e-6
}
