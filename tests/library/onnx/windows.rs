//! Layers with sliding windows as the standard defines them: one window after the
//! other, one tap after the other.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::support::onnx::{Model, Node, floats};

/// Padding as the standard states it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pads {
    /// Top, left, bottom, right.
    Explicit([usize; 4]),
    Automatic(&'static str),
}

/// A layer with a sliding window; `round_up` and `count_padding` are the attributes
/// `ceil_mode` and `count_include_pad` of pooling layers.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Channels, height, width.
    pub image: [usize; 3],
    pub kernel: [usize; 2],
    pub strides: [usize; 2],
    pub dilations: [usize; 2],
    pub pads: Pads,
    pub round_up: bool,
    pub count_padding: bool,
}

pub const PLAIN: Windows = Windows {
    image: [2, 5, 6],
    kernel: [3, 2],
    strides: [1, 1],
    dilations: [1, 1],
    pads: Pads::Explicit([0; 4]),
    round_up: false,
    count_padding: false,
};

/// A position of the padded image.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Pixel(usize),
    Padding,
    Beyond,
}

impl Windows {
    pub fn random(random: &mut ChaCha8Rng) -> Self {
        let mut pair = |most: usize| [(); 2].map(|()| random.random_range(1..=most));
        let (kernel, strides, dilations, size) = (pair(4), pair(3), pair(2), pair(7));
        let image = [random.random_range(1..=3), size[0], size[1]];
        let pads = match random.random_range(0..5) {
            0 => Pads::Automatic("SAME_UPPER"),
            1 => Pads::Automatic("SAME_LOWER"),
            2 => Pads::Automatic("VALID"),
            _ => Pads::Explicit([(); 4].map(|()| random.random_range(0..=2))),
        };
        let round_up = pads != Pads::Automatic("VALID") && random.random_bool(0.5);
        let count_padding = random.random_bool(0.5);
        Self { image, kernel, strides, dilations, pads, round_up, count_padding }
    }

    /// The node with the attributes that every window has.
    fn node(&self, op: &str, operands: &[&str]) -> Node {
        let integers = |values: &[usize]| values.iter().map(|&v| v as i64).collect::<Vec<_>>();
        let node = Node::new(op, operands, "y", "windows")
            .integers("kernel_shape", &integers(&self.kernel))
            .integers("strides", &integers(&self.strides))
            .integers("dilations", &integers(&self.dilations));
        match self.pads {
            Pads::Explicit(pads) => node.integers("pads", &integers(&pads)),
            Pads::Automatic(name) => node.text("auto_pad", name),
        }
    }

    fn model(&self) -> Model {
        let [channels, height, width] = self.image.map(|d| d as i64);
        Model::from_x_to_y(&[1, channels, height, width])
    }

    /// The model of a pooling layer.
    pub fn pool(&self, op: &str) -> Model {
        let node = self.node(op, &["x"]).integer("ceil_mode", self.round_up.into());
        self.model().with(match op {
            "AveragePool" => node.integer("count_include_pad", self.count_padding.into()),
            _ => node,
        })
    }

    /// Padding before and behind the image along an axis.
    fn padding(&self, axis: usize) -> [usize; 2] {
        let (pixels, stride) = (self.image[axis + 1], self.strides[axis]);
        let outputs = pixels / stride + usize::from(pixels % stride > 0);
        let needed = (outputs - 1) * stride + self.extent(axis);
        let total = needed.saturating_sub(pixels);
        let (half, other) = (total / 2, total - total / 2);
        match self.pads {
            Pads::Explicit(pads) => [pads[axis], pads[axis + 2]],
            Pads::Automatic("SAME_UPPER") => [half, other],
            Pads::Automatic("SAME_LOWER") => [other, half],
            Pads::Automatic(_) => [0, 0],
        }
    }

    /// Positions from the first tap to the last one.
    fn extent(&self, axis: usize) -> usize {
        self.dilations[axis] * (self.kernel[axis] - 1) + 1
    }

    /// Number of windows along an axis, by sliding; 0 if the first one sticks out.
    fn count(&self, axis: usize) -> usize {
        let [before, after] = self.padding(axis);
        let end = self.image[axis + 1] + before + after;
        if self.extent(axis) > end {
            return 0;
        }
        let (mut count, mut start) = (1, self.strides[axis]);
        while start + self.extent(axis) <= end {
            count += 1;
            start += self.strides[axis];
        }
        if self.round_up {
            // One more window sticks out, but none may start behind the image.
            let last = start - self.strides[axis];
            count += usize::from(last + self.extent(axis) < end);
            let last = (count - 1) * self.strides[axis];
            count -= usize::from(last >= self.image[axis + 1] + before);
        }
        count
    }

    /// Height and width of the output; `None` if a window exceeds the image.
    pub fn size(&self) -> Option<[usize; 2]> {
        let size = [self.count(0), self.count(1)];
        (!size.contains(&0)).then_some(size)
    }

    /// What lies under tap (i, j) of the window (row, column).
    fn place(&self, [row, column]: [usize; 2], [i, j]: [usize; 2]) -> Place {
        let position = [
            row * self.strides[0] + i * self.dilations[0],
            column * self.strides[1] + j * self.dilations[1],
        ];
        let mut pixel = [0; 2];
        let mut place = None;
        for axis in 0..2 {
            let ([before, after], pixels) = (self.padding(axis), self.image[axis + 1]);
            if position[axis] >= before + pixels + after {
                return Place::Beyond;
            }
            match position[axis] < before || position[axis] >= before + pixels {
                true => place = Some(Place::Padding),
                false => pixel[axis] = position[axis] - before,
            }
        }
        place.unwrap_or(Place::Pixel(pixel[0] * self.image[2] + pixel[1]))
    }

    /// Every window's places, tap by tap, in the order of the output.
    fn windows(&self) -> Vec<Vec<Place>> {
        let [height, width] = self.size().expect("a window in the image");
        let mut windows = Vec::new();
        for row in 0..height {
            for column in 0..width {
                let mut places = Vec::new();
                for i in 0..self.kernel[0] {
                    for j in 0..self.kernel[1] {
                        places.push(self.place([row, column], [i, j]));
                    }
                }
                windows.push(places);
            }
        }
        windows
    }

    /// Applies a function to the pixels under each window and the number of its
    /// places in the padded image, channel by channel.
    pub fn pooled(&self, x: &[f64], f: impl Fn(&[f64], usize) -> f64) -> Vec<f64> {
        let mut y = Vec::new();
        for plane in x.chunks(self.image[1] * self.image[2]) {
            for places in self.windows() {
                let mut pixels = Vec::new();
                for place in &places {
                    if let Place::Pixel(pixel) = place {
                        pixels.push(plane[*pixel]);
                    }
                }
                y.push(f(&pixels, places.iter().filter(|p| **p != Place::Beyond).count()));
            }
        }
        y
    }

    pub fn has_empty_window(&self) -> bool {
        let is_pixel = |place: &Place| matches!(place, Place::Pixel(_));
        self.windows().iter().any(|places| !places.iter().any(is_pixel))
    }

    /// Whether windows with automatic padding end before the image does.
    pub fn ends_early(&self) -> bool {
        let early = |axis: usize| {
            let last = (self.count(axis) - 1) * self.strides[axis];
            last + self.extent(axis) < self.image[axis + 1]
        };
        let same = matches!(self.pads, Pads::Automatic("SAME_UPPER" | "SAME_LOWER"));
        same && (early(0) || early(1))
    }
}

/// Weights outputs × channels of a group × height × width.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub outputs: usize,
    pub groups: usize,
    pub weights: Vec<f32>,
    pub bias: Option<Vec<f32>>,
}

impl Kernel {
    pub fn random(
        windows: &Windows,
        outputs: usize,
        groups: usize,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let count = outputs * windows.image[0] / groups * windows.kernel[0] * windows.kernel[1];
        let mut numbers = |count| (0..count).map(|_| random.random_range(-1.0..1.0)).collect();
        let weights = numbers(count);
        let bias: Vec<f32> = numbers(outputs);
        Self { outputs, groups, weights, bias: (bias[0] > -0.5).then_some(bias) }
    }

    pub fn model(&self, windows: &Windows) -> Model {
        let [height, width] = windows.kernel;
        let dims = [self.outputs, windows.image[0] / self.groups, height, width];
        let model = windows.model().constant(floats("w", &dims.map(|d| d as i64), &self.weights));
        let conv =
            |operands: &[&str]| windows.node("Conv", operands).integer("group", self.groups as i64);
        match &self.bias {
            None => model.with(conv(&["x", "w"])),
            Some(bias) => model
                .constant(floats("b", &[self.outputs as i64], bias))
                .with(conv(&["x", "w", "b"])),
        }
    }

    /// The convolution of an image, tap by tap.
    pub fn convolve(&self, windows: &Windows, x: &[f64]) -> Vec<f64> {
        let [channels, height, width] = windows.image;
        let taps = windows.kernel[0] * windows.kernel[1];
        let (inside, of_group) = (channels / self.groups, self.outputs / self.groups);
        let mut y = Vec::new();
        for output in 0..self.outputs {
            for places in windows.windows() {
                let mut sum = self.bias.as_ref().map_or(0.0, |bias| f64::from(bias[output]));
                for input in 0..inside {
                    let plane = &x[(output / of_group * inside + input) * height * width..];
                    for (tap, place) in places.iter().enumerate() {
                        if let Place::Pixel(pixel) = place {
                            let weight = self.weights[(output * inside + input) * taps + tap];
                            sum += f64::from(weight) * plane[*pixel];
                        }
                    }
                }
                y.push(sum);
            }
        }
        y
    }
}
