//! A picture as plain data: shapes and texts in the order in which they are painted. Both
//! writers read this and nothing else.

/// A colour for light and for dark surroundings, red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Paint {
    /// On a light ground: in print, in PNG files, in viewers that know no other.
    pub light: [u8; 3],
    /// On a dark ground: in SVG files where the reader prefers dark.
    pub dark: [u8; 3],
}

impl Paint {
    /// The same colour on both grounds.
    pub const fn both(color: [u8; 3]) -> Self {
        Self { light: color, dark: color }
    }
}

/// A line: colour, and width in units of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// The colour.
    pub paint: Paint,
    /// The width.
    pub width: f64,
    /// Whether it is broken into dashes.
    pub is_dashed: bool,
}

impl Stroke {
    /// An unbroken line.
    pub const fn new(paint: Paint, width: f64) -> Self {
        Self { paint, width, is_dashed: false }
    }
}

/// Points that straight lines join; `y` grows downwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// The corners.
    pub points: Vec<[f64; 2]>,
    /// Whether the last is joined to the first.
    pub is_closed: bool,
}

impl Contour {
    /// A polygon.
    pub fn closed(points: Vec<[f64; 2]>) -> Self {
        Self { points, is_closed: true }
    }

    /// A polyline.
    pub fn open(points: Vec<[f64; 2]>) -> Self {
        Self { points, is_closed: false }
    }

    /// A rectangle with sides along the axes.
    pub fn rectangle([x, y]: [f64; 2], [width, height]: [f64; 2]) -> Self {
        Self::closed(vec![[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    }
}

/// Which point of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// What a text says: words, and perhaps an exponent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Label {
    /// The words.
    pub text: String,
    /// What stands raised and smaller behind them.
    pub exponent: String,
}

impl From<String> for Label {
    fn from(text: String) -> Self {
        Self { text, exponent: String::new() }
    }
}

/// A text on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The point of the base line that `anchor` says.
    pub at: [f64; 2],
    /// What it says.
    pub label: Label,
    /// Height of the font.
    pub size: f64,
    /// Which of its points stands there.
    pub anchor: Anchor,
    /// Whether it reads upwards.
    pub is_vertical: bool,
    /// The colour.
    pub paint: Paint,
}

/// Height of the font of an exponent, as a share of that of its text.
pub const EXPONENT_SIZE: f64 = 0.72;

/// How far an exponent is raised, as a share of the height of the font of its text.
pub const EXPONENT_RISE: f64 = 0.38;

/// What a canvas is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Contours that are filled and then drawn.
    Path {
        /// The contours, which do not overlap where they are filled.
        contours: Vec<Contour>,
        /// What they are filled with.
        fill: Option<Paint>,
        /// What they are drawn with.
        stroke: Option<Stroke>,
    },
    /// A text.
    Text(Text),
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Canvas {
    /// What the picture shows, for readers who do not see it.
    pub title: String,
    /// Width, in units of its own.
    pub width: f64,
    /// Height, likewise.
    pub height: f64,
    /// Pixels a unit, where a size has been asked for.
    pub scale: Option<f64>,
    /// Colour of the ground.
    pub ground: Paint,
    /// What is painted, in this order.
    pub shapes: Vec<Shape>,
}

impl Canvas {
    /// Adds contours that are filled.
    pub fn fill(&mut self, contours: Vec<Contour>, paint: Paint) {
        self.shapes.push(Shape::Path { contours, fill: Some(paint), stroke: None });
    }

    /// Adds contours that are drawn.
    pub fn draw(&mut self, contours: Vec<Contour>, stroke: Stroke) {
        self.shapes.push(Shape::Path { contours, fill: None, stroke: Some(stroke) });
    }

    /// Adds contours that are filled and then drawn.
    pub fn fill_and_draw(&mut self, contours: Vec<Contour>, paint: Paint, stroke: Stroke) {
        self.shapes.push(Shape::Path { contours, fill: Some(paint), stroke: Some(stroke) });
    }

    /// Adds a text.
    pub fn write(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }
}
