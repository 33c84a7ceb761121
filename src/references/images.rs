//! What the learners see of images: pooled pixels, and random convolutions.

use nalgebra::{DMatrix, DVector};

use super::{
    columns::{Design, beside, standardised},
    draw::{Draw, Purpose},
};

/// Some images: `[N, C, H, W]` row-major, and the ones that are seen.
#[derive(Clone, Copy)]
pub(super) struct Images<'a> {
    pub values: &'a [f32],
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub chosen: &'a [usize],
}

/// Most pixels of a side after pooling.
const POOLED_SIDE: usize = 16;
/// Most pooled pixels of all channels; with many channels the side is less.
const MOST_POOLED: usize = 512;

/// Most pixels of a side that the convolutions see.
const FILTERED_SIDE: usize = 24;
/// Most channels that they see; more are added up, with random signs, into as many.
const FILTERED_CHANNELS: usize = 4;
/// Side of a filter.
const KERNEL: usize = 5;
const FILTERS: usize = 32;
/// Side of the grid on which a filter's answers are averaged.
const GRID: usize = 4;

/// Height and width of pooled images, and of how many channels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Size {
    channels: usize,
    height: usize,
    width: usize,
}

impl Images<'_> {
    fn pooled_size(&self) -> Size {
        let side = (MOST_POOLED / self.channels.max(1)).isqrt().clamp(1, POOLED_SIDE);
        Size { channels: self.channels, height: self.height.min(side), width: self.width.min(side) }
    }

    /// With more channels than are seen the side is less: all of them are in memory before they are added up.
    fn filtered_size(&self) -> Size {
        let most = FILTERED_SIDE * FILTERED_SIDE * FILTERED_CHANNELS;
        let side = (most / self.channels.max(1)).isqrt().clamp(1, FILTERED_SIDE);
        let channels = self.channels.min(FILTERED_CHANNELS);
        Size { channels, height: self.height.min(side), width: self.width.min(side) }
    }

    /// What the plain learners see.
    pub fn words(&self) -> String {
        let Size { channels, height, width } = self.pooled_size();
        let of = if channels == 1 { String::new() } else { format!(" of {channels} channels") };
        format!("{height} x {width} pooled pixels{of}")
    }

    /// The images at a size: each new pixel is the mean of the old ones that it covers.
    fn at(&self, height: usize, width: usize) -> DMatrix<f64> {
        let plane = self.height * self.width;
        let mut pooled = DMatrix::zeros(self.chosen.len(), self.channels * height * width);
        for (place, image) in self.chosen.iter().enumerate() {
            let image = &self.values[image * self.channels * plane..][..self.channels * plane];
            for (channel, pixels) in image.chunks(plane.max(1)).enumerate() {
                for row in 0..height {
                    let rows = row * self.height / height..(row + 1) * self.height / height;
                    for column in 0..width {
                        let columns = column * self.width / width..(column + 1) * self.width / width;
                        let covered = rows.len() * columns.len();
                        let lines = rows.clone().map(|row| &pixels[row * self.width..][columns.clone()]);
                        let sum: f64 = lines.map(|line| line.iter().map(|pixel| f64::from(*pixel)).sum::<f64>()).sum();
                        pooled[(place, (channel * height + row) * width + column)] = sum / covered as f64;
                    }
                }
            }
        }
        pooled
    }
}

/// Pooled pixels as columns.
pub(super) fn pooled(train: Images<'_>, test: Images<'_>) -> Design {
    let Size { height, width, .. } = train.pooled_size();
    standardised(train.at(height, width), test.at(height, width))
}

/// Coarsely pooled pixels, and the answers of random filters.
///
/// Half of the filters are patches of the training images, which answer to what is there (Coates and Ng 2012, "Learning
/// feature representations with k-means", find them nearly as good as learned ones), half are normal noise. The answers
/// go through a ReLU that bends at the answer to a random patch, and are averaged over each cell of a grid.
pub(super) fn filtered(train: Images<'_>, test: Images<'_>, seed: u64) -> Design {
    let mut draw = Draw::new(seed, Purpose::Filters);
    let size = train.filtered_size();
    let signs: Vec<f64> = (0..train.channels).map(|_| draw.sign()).collect();
    let [mut seen, mut seen_test] =
        [train, test].map(|images| mixed(&images.at(size.height, size.width), size, &signs));
    scale_channels(&mut seen, &mut seen_test, size);
    let filters = Filters::draw(&seen, size, &mut draw);
    let answers = standardised(filters.answers(&seen), filters.answers(&seen_test));
    let coarse = |seen: &DMatrix<f64>| average(seen, size, GRID);
    let pixels = standardised(coarse(&seen), coarse(&seen_test));
    let scale = (pixels.train.ncols().max(1) as f64 / answers.train.ncols().max(1) as f64).sqrt();
    beside(&pixels, &answers, scale)
}

/// Adds up channels, with random signs, until there are as many as `size` has.
fn mixed(images: &DMatrix<f64>, size: Size, signs: &[f64]) -> DMatrix<f64> {
    let plane = size.height * size.width;
    if signs.len() == size.channels {
        return images.clone();
    }
    let mut mixed = DMatrix::zeros(images.nrows(), size.channels * plane);
    for (channel, sign) in signs.iter().enumerate() {
        let mut into = mixed.columns_mut(channel % size.channels * plane, plane);
        into.zip_apply(&images.columns(channel * plane, plane), |into, value| *into += sign * value);
    }
    mixed
}

/// Mean 0 and spread 1 for each channel by the training images; what is not finite becomes the mean.
fn scale_channels(train: &mut DMatrix<f64>, test: &mut DMatrix<f64>, size: Size) {
    let plane = size.height * size.width;
    for channel in 0..size.channels {
        let pixels = train.columns(channel * plane, plane);
        let finite = || pixels.iter().copied().filter(|value| value.is_finite());
        let count = finite().count().max(1) as f64;
        let mean = finite().sum::<f64>() / count;
        let std = (finite().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        let scaled = |value: &mut f64| {
            // 10 is far beyond what a picture holds, and keeps one broken pixel from drowning the others.
            let moved = ((*value - mean) / std).clamp(-10.0, 10.0);
            *value = if moved.is_finite() { moved } else { 0.0 };
        };
        train.columns_mut(channel * plane, plane).apply(scaled);
        test.columns_mut(channel * plane, plane).apply(scaled);
    }
}

/// Means over the cells of a grid of at most `side` by `side`, for each channel.
fn average(images: &DMatrix<f64>, size: Size, side: usize) -> DMatrix<f64> {
    let (rows, columns) = (size.height.min(side), size.width.min(side));
    let mut means = DMatrix::zeros(images.nrows(), size.channels * rows * columns);
    for channel in 0..size.channels {
        for (row, column) in (0..size.height).flat_map(|row| (0..size.width).map(move |column| (row, column))) {
            let cell = (channel * rows + row * rows / size.height) * columns + column * columns / size.width;
            let from = images.column((channel * size.height + row) * size.width + column);
            means.column_mut(cell).axpy(1.0, &from, 1.0);
        }
    }
    let covered = (size.height * size.width) as f64 / (rows * columns) as f64;
    means / covered
}

/// Random filters with their thresholds.
struct Filters {
    size: Size,
    /// `[pixels of a patch, filters]`.
    weights: DMatrix<f64>,
    /// What an answer must be above.
    bends: Vec<f64>,
}

impl Filters {
    fn draw(images: &DMatrix<f64>, size: Size, draw: &mut Draw) -> Self {
        let mut filters = Self { size, weights: DMatrix::zeros(0, FILTERS), bends: Vec::new() };
        let pixels = size.channels * filters.kernel_height() * filters.kernel_width();
        filters.weights = DMatrix::zeros(pixels, FILTERS);
        let places = filters.rows() * filters.columns();
        let patch = |draw: &mut Draw, filters: &Self| {
            let image: Vec<f64> = images.row(draw.below(images.nrows())).iter().copied().collect();
            let mut patch = DVector::zeros(pixels);
            filters.patch(&image, draw.below(places), patch.as_mut_slice());
            patch
        };
        for filter in 0..FILTERS {
            let mut weights = patch(draw, &filters);
            weights.add_scalar_mut(-weights.mean());
            // A flat patch is no filter.
            if filter % 2 == 1 || weights.norm() < 1e-6 {
                weights.apply(|weight| *weight = draw.normal());
            }
            weights.normalize_mut();
            filters.bends.push(weights.dot(&patch(draw, &filters)));
            filters.weights.set_column(filter, &weights);
        }
        filters
    }

    fn kernel_height(&self) -> usize {
        self.size.height.min(KERNEL)
    }

    fn kernel_width(&self) -> usize {
        self.size.width.min(KERNEL)
    }

    /// Places of a filter on an image, from top to bottom.
    fn rows(&self) -> usize {
        self.size.height + 1 - self.kernel_height()
    }

    fn columns(&self) -> usize {
        self.size.width + 1 - self.kernel_width()
    }

    /// What a filter sees of an image at a place.
    fn patch(&self, image: &[f64], place: usize, into: &mut [f64]) {
        let (top, left) = (place / self.columns(), place % self.columns());
        let (height, width) = (self.kernel_height(), self.kernel_width());
        let lines = (0..self.size.channels).flat_map(|channel| (0..height).map(move |row| (channel, row)));
        for ((channel, row), into) in lines.zip(into.chunks_mut(width)) {
            let first = (channel * self.size.height + top + row) * self.size.width + left;
            into.copy_from_slice(&image[first..first + width]);
        }
    }

    /// `[images, filters * cells]`.
    fn answers(&self, images: &DMatrix<f64>) -> DMatrix<f64> {
        let (rows, columns) = (self.rows(), self.columns());
        let (places, pixels) = (rows * columns, self.weights.nrows());
        let (cells_down, cells_across) = (rows.min(GRID), columns.min(GRID));
        let cells = cells_down * cells_across;
        let per_cell = cells as f64 / places as f64;
        // Images as columns, which lie together in memory.
        let images = images.transpose();
        let weights = self.weights.transpose();
        let mut patches = DMatrix::zeros(pixels, places);
        let mut seen = DMatrix::zeros(FILTERS, places);
        let mut answers = DMatrix::zeros(FILTERS * cells, images.ncols());
        for image in 0..images.ncols() {
            for (place, mut patch) in patches.column_iter_mut().enumerate() {
                self.patch(images.column(image).as_slice(), place, patch.as_mut_slice());
            }
            seen.gemm(1.0, &weights, &patches, 0.0);
            let mut into = answers.column_mut(image);
            for (place, seen) in seen.column_iter().enumerate() {
                let cell =
                    place / columns * cells_down / rows * cells_across + place % columns * cells_across / columns;
                for (filter, (answer, bend)) in seen.iter().zip(&self.bends).enumerate() {
                    into[filter * cells + cell] += (answer - bend).max(0.0) * per_cell;
                }
            }
        }
        answers.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(values: &[f32], channels: usize, height: usize, width: usize, chosen: &[usize]) -> DMatrix<f64> {
        Images { values, channels, height, width, chosen }.at(2, 2)
    }

    #[test]
    fn pooling_takes_means() {
        let values: Vec<f32> = (0..16).map(|value| value as f32).collect();
        assert_eq!(images(&values, 1, 4, 4, &[0]).as_slice(), [2.5, 4.5, 10.5, 12.5]);
        // 3 pixels on 2: the first new one covers one old one, the second two.
        assert_eq!(images(&values, 1, 3, 3, &[0]).as_slice(), [0.0, 1.5, 4.5, 6.0]);
    }

    #[test]
    fn many_channels_are_pooled_more() {
        let size = |channels| Images { values: &[], channels, height: 100, width: 10, chosen: &[] }.pooled_size();
        assert_eq!(size(3), Size { channels: 3, height: 13, width: 10 });
        assert_eq!(size(1024), Size { channels: 1024, height: 1, width: 1 });
        assert_eq!(size(16), Size { channels: 16, height: 5, width: 5 });
        let filtered =
            |channels| Images { values: &[], channels, height: 100, width: 100, chosen: &[] }.filtered_size();
        assert_eq!(filtered(3), Size { channels: 3, height: 24, width: 24 });
        assert_eq!(filtered(64), Size { channels: 4, height: 6, width: 6 });
        assert_eq!(filtered(5000), Size { channels: 4, height: 1, width: 1 });
        let words = |channels| Images { values: &[], channels, height: 64, width: 64, chosen: &[] }.words();
        assert_eq!(words(1), "16 x 16 pooled pixels");
        assert_eq!(words(3), "13 x 13 pooled pixels of 3 channels");
    }

    /// Second implementation: every answer by its definition.
    #[test]
    fn answers_are_those_of_a_plain_convolution() {
        let size = Size { channels: 2, height: 9, width: 7 };
        let mut draw = Draw::new(4, Purpose::Units);
        let seen = DMatrix::from_fn(3, 2 * 9 * 7, |_, _| draw.normal());
        let filters = Filters::draw(&seen, size, &mut draw);
        let answers = filters.answers(&seen);
        assert_eq!(answers.shape(), (3, FILTERS * 4 * 3));
        let mut wanted: DMatrix<f64> = DMatrix::zeros(3, FILTERS * 12);
        for (image, filter) in (0..3).flat_map(|image| (0..FILTERS).map(move |filter| (image, filter))) {
            for (top, left) in (0..5).flat_map(|top| (0..3).map(move |left| (top, left))) {
                let mut sum = -filters.bends[filter];
                for channel in 0..2 {
                    for (row, column) in (0..5).flat_map(|row| (0..5).map(move |column| (row, column))) {
                        let weight = filters.weights[((channel * 5 + row) * 5 + column, filter)];
                        sum += weight * seen[(image, (channel * 9 + top + row) * 7 + left + column)];
                    }
                }
                // Five places on four cells: two fall on the first.
                let cell = [0, 0, 1, 2, 3][top] * 3 + left;
                wanted[(image, filter * 12 + cell)] += f64::max(sum, 0.0) * 12.0 / 15.0;
            }
        }
        assert!((answers - wanted).amax() < 1e-9);
    }

    #[test]
    fn the_smallest_images_have_features_and_broken_pixels_do_no_harm() {
        for (channels, height, width) in [(1, 1, 1), (1, 1, 9), (7, 2, 3)] {
            let mut draw = Draw::new(4, Purpose::Units);
            let pixels = channels * height * width;
            let mut values: Vec<f32> = (0..20 * pixels).map(|_| draw.normal() as f32).collect();
            values[0] = f32::NAN;
            values[pixels] = f32::INFINITY;
            let chosen: Vec<usize> = (0..20).collect();
            let train = Images { values: &values, channels, height, width, chosen: &chosen };
            let design = filtered(train, Images { chosen: &chosen[..2], ..train }, 0);
            assert!(design.train.ncols() > 0 && design.test.nrows() == 2);
            assert!(design.train.iter().chain(design.test.iter()).all(|value| value.is_finite()));
        }
    }
}
