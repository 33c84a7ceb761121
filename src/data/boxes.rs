//! Images of one white box on black, and where the box is.

use super::{DataError, Samples, draw::Draw};

/// Sizes of the images, and the noise of their targets.
#[derive(Clone, Copy)]
pub(super) struct Canvas {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// Side of the box; it fits the image.
    pub side: usize,
    /// Standard deviation of the noise on both targets [target units].
    pub noise: f64,
}

/// Draws images with the box at a random place, wholly inside.
///
/// - Shape: inputs `[N, C, H, W]`, 1 inside the box and 0 outside; targets `[N, 2]`, the centre (x, y).
/// - Unit: of the targets, the image from edge to edge is -1..1, so the centre of the image is 0.
/// - Noise comes from a stream of its own: the same images come with and without.
/// - Errors: no memory.
pub(super) fn draw(canvas: Canvas, count: usize, places: &mut Draw, noises: &mut Draw) -> Result<Samples, DataError> {
    let Canvas { channels, height, width, side, noise } = canvas;
    let (plane, pixels) = (height * width, channels * height * width);
    let mut inputs = Vec::new();
    let total = pixels * count;
    inputs.try_reserve_exact(total).map_err(|_| DataError::no_memory(total as u64 * 4, "data.train_samples"))?;
    inputs.resize(total, 0.0);
    let mut targets = Vec::with_capacity(2 * count);
    for image in inputs.chunks_mut(pixels) {
        let left = places.below((width - side) as u64 + 1) as usize;
        let top = places.below((height - side) as u64 + 1) as usize;
        for channel in image.chunks_mut(plane) {
            for row in channel.chunks_mut(width).skip(top).take(side) {
                row[left..left + side].fill(1.0);
            }
        }
        for centre in [centre(left, side, width), centre(top, side, height)] {
            let error = if noise > 0.0 { noise * noises.normal() } else { 0.0 };
            targets.push((centre + error) as f32);
        }
    }
    Ok(Samples { inputs, targets, count })
}

/// The middle of a box in -1..1 over the image.
fn centre(first: usize, side: usize, whole: usize) -> f64 {
    (2 * first + side) as f64 / whole as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::draw::Stream;

    fn drawn(canvas: Canvas, count: usize) -> Samples {
        let (mut places, mut noises) = (Draw::new(7, Stream::TrainInputs), Draw::new(7, Stream::TrainNoise));
        draw(canvas, count, &mut places, &mut noises).expect("little memory")
    }

    #[test]
    fn noise_moves_the_targets_alone() {
        let canvas = Canvas { channels: 1, height: 8, width: 8, side: 3, noise: 0.0 };
        let (exact, noisy) = (drawn(canvas, 2000), drawn(Canvas { noise: 0.5, ..canvas }, 2000));
        assert_eq!(exact.inputs, noisy.inputs);
        let errors: Vec<f64> =
            noisy.targets.iter().zip(&exact.targets).map(|(noisy, exact)| f64::from(noisy - exact)).collect();
        let mean = errors.iter().sum::<f64>() / 4000.0;
        let std = (errors.iter().map(|error| error * error).sum::<f64>() / 4000.0).sqrt();
        // Standard errors are 0.008 and 0.006; both targets of an image have noise of their own.
        assert!(mean.abs() < 0.04 && (std - 0.5).abs() < 0.03, "{mean} {std}");
        let products: f64 = errors.chunks(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / 2000.0;
        assert!(products.abs() < 0.03, "{products}");
    }

    #[test]
    fn the_target_is_the_centre_of_the_white_pixels() {
        let canvas = Canvas { channels: 2, height: 9, width: 12, side: 3, noise: 0.0 };
        let samples = drawn(canvas, 50);
        for (image, target) in samples.inputs.chunks(2 * 9 * 12).zip(samples.targets.chunks(2)) {
            let (first, second) = image.split_at(9 * 12);
            assert_eq!(first, second);
            let white: Vec<usize> = (0..9 * 12).filter(|pixel| first[*pixel] == 1.0).collect();
            assert_eq!(white.len(), 9);
            assert!(first.iter().all(|value| *value == 0.0 || *value == 1.0));
            // A pixel's middle is half a pixel from its edge.
            let x = white.iter().map(|pixel| (pixel % 12) as f64 + 0.5).sum::<f64>() / 9.0;
            let y = white.iter().map(|pixel| (pixel / 12) as f64 + 0.5).sum::<f64>() / 9.0;
            let wanted = [(x / 6.0 - 1.0) as f32, (y / 4.5 - 1.0) as f32];
            assert!(
                (target[0] - wanted[0]).abs() < 1e-6 && (target[1] - wanted[1]).abs() < 1e-6,
                "{target:?} {wanted:?}"
            );
        }
    }

    #[test]
    fn places_are_symmetric_and_reach_the_edges() {
        assert_eq!(centre(26, 12, 64), 0.0);
        assert_eq!(centre(0, 12, 64), -centre(52, 12, 64));
        let canvas = Canvas { channels: 1, height: 4, width: 4, side: 3, noise: 0.0 };
        let samples = drawn(canvas, 100);
        let mut seen: Vec<[u32; 2]> =
            samples.targets.chunks(2).map(|target| [target[0].to_bits(), target[1].to_bits()]).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn a_box_may_fill_the_image() {
        let canvas = Canvas { channels: 1, height: 2, width: 2, side: 2, noise: 0.0 };
        let samples = drawn(canvas, 1);
        assert_eq!((samples.inputs, samples.targets), (vec![1.0; 4], vec![0.0, 0.0]));
    }
}
