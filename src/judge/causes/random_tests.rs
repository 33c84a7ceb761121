//! Every cause over random readings, settings and data.

use proptest::prelude::*;

use super::{Case, causes_of, hostile_tests::ask, staged};
use crate::{
    data::{Alignment, Atom, Moments, RowOrder},
    experiment::{Activation, BiasInit, Init, Layer, Loss, Optimiser, Padding, Scaling, WeightInit},
    judge::{
        RunDiagnosis, State, judge_run,
        synthetic::{Synthetic, noise, reference},
    },
    record::{Channel, Point, ProbePredictions, Reading, Record, SeriesId, Split, Status},
    stats::Estimate,
};

fn any_value() -> BoxedStrategy<f64> {
    prop_oneof![
        6 => -3.0..3.0f64,
        2 => 0.0..1.0f64,
        2 => Just(0.0),
        2 => Just(1.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(1e38),
        1 => Just(-1e300),
        1 => Just(1e-300),
    ]
    .boxed()
}

const CHANNELS: [Channel; 29] = [
    Channel::Loss,
    Channel::LossRatio,
    Channel::LearningRate,
    Channel::PredictionMean,
    Channel::PredictionStd,
    Channel::Spread,
    Channel::Skill,
    Channel::Correlation,
    Channel::CalibrationSlope,
    Channel::ActivationMean,
    Channel::ActivationStd,
    Channel::ZeroFraction,
    Channel::Saturation,
    Channel::DeadFraction,
    Channel::DeadFractionProbe,
    Channel::GradientNorm,
    Channel::GradientZeroFraction,
    Channel::ActivationGradientNorm,
    Channel::WeightNorm,
    Channel::UpdateRatio,
    Channel::ReadoutSkill,
    Channel::EffectiveRank,
    Channel::Sharpness,
    Channel::StabilityRatio,
    Channel::RecomputedLoss,
    Channel::PairedLoss,
    Channel::GradientCosine,
    Channel::GradientRatio,
    Channel::DistanceFromStart,
];

const SPLITS: [Split; 5] =
    [Split::Train, Split::Validation, Split::WholeTrain, Split::TrainingPath, Split::StandardisedInputs];

fn any_series() -> BoxedStrategy<(SeriesId, Vec<Point>)> {
    let names = vec![
        "",
        "y",
        "z",
        "input",
        "dense_1",
        "dense_2",
        "dense_1.weight",
        "dense_1.bias",
        "dense_2.weight",
        "conv2d_1",
        "batch_norm_1",
    ];
    let key = (prop::sample::select(&SPLITS[..]), prop::sample::select(&CHANNELS[..]), prop::sample::select(names));
    (key, 0..2u64, prop::collection::vec(any_value(), 1..12))
        .prop_map(|((split, channel, layer), first, values)| {
            let points = (first..).zip(values).map(|(step, value)| Point {
                step,
                epoch: step as u32,
                value: Reading::new(value),
            });
            (SeriesId { split, channel, layer: layer.to_owned(), unit: None }, points.collect())
        })
        .boxed()
}

fn any_activation() -> BoxedStrategy<Activation> {
    use Activation::{Elu, Gelu, LeakyRelu, Linear, Relu, Sigmoid, Softmax, Softplus, Tanh};
    prop::sample::select(vec![Linear, Relu, LeakyRelu, Elu, Gelu, Tanh, Sigmoid, Softplus, Softmax]).boxed()
}

fn any_init() -> BoxedStrategy<Init> {
    let weights = prop_oneof![
        Just(WeightInit::Zeros {}),
        Just(WeightInit::HeNormal {}),
        Just(WeightInit::Orthogonal {}),
        (0.0..9.0f64).prop_map(|std| WeightInit::Normal { std }),
    ];
    let bias = prop_oneof![Just(BiasInit::Zeros {}), (-9.0..9.0f64).prop_map(|value| BiasInit::Constant { value })];
    (weights, prop::sample::select(vec![0.0, 1e-6, 1.0, 1e6]), bias)
        .prop_map(|(weights, gain, bias)| Init { weights, gain, bias })
        .boxed()
}

fn any_layer() -> BoxedStrategy<Layer> {
    let dense = (1..5u32, any_activation(), prop::option::of(any_init()))
        .prop_map(|(units, activation, init)| Layer::Dense { units: Some(units), activation, bias: true, init });
    prop_oneof![
        4 => dense,
        1 => (0.0..1.0f64).prop_map(|rate| Layer::Dropout { rate }),
        1 => (prop::sample::select(vec![1e-9, 0.01, 0.1, 1.0]), any_activation())
            .prop_map(|(momentum, activation)| Layer::BatchNorm { momentum, epsilon: 1e-5, activation }),
        1 => any_activation().prop_map(|activation| Layer::Activation { activation }),
    ]
    .boxed()
}

/// Layers over three columns, or a small picture behind a convolution and a pooling.
fn any_network() -> BoxedStrategy<Synthetic> {
    let table = (prop::collection::vec(any_layer(), 0..4), any_activation()).prop_map(|(mut layers, last)| {
        layers.push(staged::dense(1, last));
        staged::bare().inputs(&[3]).network(&layers)
    });
    let picture = (1..9u32, any_activation()).prop_map(|(size, activation)| {
        let conv = Layer::Conv2d {
            filters: 2,
            kernel: 3,
            stride: 1,
            padding: Padding::Same,
            activation,
            bias: true,
            init: None,
        };
        let layers = [conv, Layer::AvgPool2d { size, stride: size }, Layer::Flatten {}, staged::dense(1, activation)];
        staged::bare().inputs(&[1, 8, 8]).network(&layers)
    });
    prop_oneof![3 => table, 1 => picture].boxed()
}

fn any_loss() -> BoxedStrategy<Loss> {
    let named = vec![Loss::Mse {}, Loss::Mae {}, Loss::Mape {}, Loss::BinaryCrossEntropy {}, Loss::CrossEntropy {}];
    prop_oneof![3 => prop::sample::select(named), 1 => (1e-6..10.0f64).prop_map(|delta| Loss::Huber { delta })].boxed()
}

fn any_optimiser() -> BoxedStrategy<Optimiser> {
    (any::<bool>(), prop::sample::select(vec![1e-12, 0.01, 10.0, 1e9]), prop::sample::select(vec![0.0, 1e-4, 10.0]))
        .prop_map(|(sgd, lr, weight_decay)| {
            if sgd {
                Optimiser::Sgd { lr, momentum: 0.9, nesterov: false, weight_decay }
            } else {
                Optimiser::AdamW { lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay }
            }
        })
        .boxed()
}

/// Those of some numbers: one that is none spoils mean and standard deviation, and the range or not.
fn any_moments() -> BoxedStrategy<Moments> {
    (prop::collection::vec(any_value(), 1..5), any::<bool>())
        .prop_map(|(values, spoilt)| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
            let fold = |of: fn(f64, f64) -> f64| {
                let range = values.iter().copied().reduce(of).unwrap_or(f64::NAN);
                if spoilt && values.iter().any(|value| value.is_nan()) { f64::NAN } else { range }
            };
            Moments { mean, std: variance.sqrt(), min: fold(f64::min), max: fold(f64::max) }
        })
        .boxed()
}

fn any_estimate() -> BoxedStrategy<Option<Estimate>> {
    prop::option::of((any_value(), any_value(), any_value()).prop_map(|(value, low, high)| Estimate {
        value,
        low,
        high,
    }))
    .boxed()
}

/// Experiments and data of every kind.
fn any_setting() -> BoxedStrategy<Synthetic> {
    let training =
        (any_loss(), any_optimiser(), prop::sample::select(vec![1, 4, 32, u32::MAX]), any::<bool>(), 0..3u32);
    let data = (any_moments(), any_moments(), any_value(), prop::option::of((any_value(), 0.0..1.0f64)), 0..3u64);
    let orders = prop::collection::vec((any_value(), any_value()), 0..4);
    let learner = (any_estimate(), any_estimate(), prop::option::of(0.0..1.0f64));
    let tables = (any::<bool>(), 0..500u64, prop::option::of(learner));
    (any_network(), training, data, orders, tables)
        .prop_map(
            |(
                of,
                (loss, optimiser, batch_size, drop_last, epochs),
                (column, target, median, atom, non_finite),
                orders,
                (scaled, samples, learner),
            )| {
                of.with(|run| {
                    let training = &mut run.experiment.training;
                    (training.loss, training.optimiser, training.batch_size) = (loss, optimiser, batch_size);
                    (training.drop_last, run.epochs_done, run.data.train_samples) = (drop_last, epochs, samples);
                    if scaled {
                        run.experiment.data.scale_inputs = Scaling::MinMax;
                    }
                    (run.data.columns[0].train, run.data.columns[0].non_finite) = (column, non_finite);
                    let own = &mut run.data.targets[0];
                    (own.train, own.median) = (target, median);
                    own.most_common = atom.map(|(value, fraction)| Atom { value, fraction });
                    const ORDERS: [RowOrder; 4] =
                        [RowOrder::AsGiven, RowOrder::Shifted(-1), RowOrder::Reversed, RowOrder::SortedAsText];
                    let tried = ORDERS.into_iter().zip(orders);
                    run.data.alignments =
                        tried.map(|(order, (explained, chance))| Alignment { order, explained, chance }).collect();
                    match (learner, &mut run.references) {
                        (Some((cross_validated, validation, p_value)), Some(references)) => {
                            let skill = crate::references::ReferenceSkill { cross_validated, validation, p_value };
                            references.learners.iter_mut().for_each(|learner| learner.outputs.fill(skill));
                            references.samples = samples;
                        }
                        _ => run.references = None,
                    }
                })
            },
        )
        .boxed()
}

fn any_look() -> BoxedStrategy<ProbePredictions> {
    let table = || prop::collection::vec(any_value().prop_map(|value| value as f32), 0..16);
    (prop::sample::select(&SPLITS[..]), 0..4u32, table(), table(), any::<bool>())
        .prop_map(|(split, epoch, targets, mut predictions, fit)| {
            if fit {
                predictions.resize(targets.len(), 0.5);
            }
            let samples = (0..targets.len() as u32).collect();
            ProbePredictions { split, epoch, samples, targets, predictions }
        })
        .boxed()
}

fn any_record() -> BoxedStrategy<Record> {
    let series = prop::collection::vec(any_series(), 0..60);
    let looks = prop::collection::vec(any_look(), 0..4);
    let status = prop::sample::select(vec![Status::Running, Status::Completed, Status::NonFinite, Status::Interrupted]);
    (any_setting(), series, looks, status, any::<bool>())
        .prop_map(|(of, series, looks, status, proved)| {
            let of = of.status(status);
            let mut record = if proved { of.certificate() } else { of }.record();
            record.series.extend(series);
            record.probe.extend(looks);
            record
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn whatever_was_recorded_gets_an_answer_in_words(record in any_record(), state in prop::sample::select(&State::ALL[..])) {
        let run = judge_run(&record);
        for run in [RunDiagnosis { state, ..run.clone() }, run] {
            let case = Case::of_run(&record, &run);
            prop_assert!(ask(&case).is_ok(), "{}", ask(&case).unwrap_err());
            let (found, ruled_out) = causes_of(&[case, case]);
            // JSON has no NaN: what is told must come back as it went.
            let text = serde_json::to_string(&found).expect("plain data");
            prop_assert_eq!(&serde_json::from_str::<Vec<super::CauseDiagnosis>>(&text).expect("its own text"), &found);
            prop_assert!(ruled_out.iter().all(|cause| found.iter().all(|other| other.id != cause.id)));
        }
        let info = &record.run;
        let before = Case::before_training(&info.experiment, &info.data, info.references.as_ref(), &info.layers);
        prop_assert!(ask(&before).is_ok(), "{}", ask(&before).unwrap_err());
    }

    #[test]
    fn a_network_in_good_health_is_accused_of_nothing(
        skill in 0.5..0.95f64, rate in 0.0..0.2f64, update in 1.1e-3..0.2f64, dead in 0.0..0.97f64, ratio in 0.0..0.9f64,
        activation in prop::sample::select(vec![Activation::Relu, Activation::Tanh, Activation::Elu]), units in 8..64u32,
    ) {
        let layers = [staged::dense(units, activation), Layer::Dropout { rate }, staged::dense(1, Activation::Linear)];
        let of = staged::bare().network(&layers).references(&[reference(skill, 1e-12)]);
        let share = (1.0 - skill).sqrt();
        let of = staged::predicts(of, move |i, y| 1.0 + skill * (y - 1.0) + skill.sqrt() * share * 2.0 * noise(i + 9));
        let of = staged::instrumented(of, 1.0 - skill)
            .forget(Channel::StabilityRatio, "")
            .point(Split::Train, Channel::StabilityRatio, "", 0, ratio)
            .forget(Channel::UpdateRatio, "dense_1.weight")
            .steps(Channel::UpdateRatio, "dense_1.weight", vec![update; staged::STEPS])
            .forget(Channel::DeadFractionProbe, "dense_1");
        let of = if activation == Activation::Relu {
            of.epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 0, vec![dead; 31])
        } else {
            of
        };
        let record = of.record();
        let run = judge_run(&record);
        prop_assert_eq!(run.state, State::Learned);
        let case = Case::of_run(&record, &run);
        prop_assert_eq!(causes_of(&[case]).0, Vec::new());
        let strong = ask(&case).expect("words in order");
        prop_assert!(strong.is_empty(), "{:?}", strong);
    }
}
