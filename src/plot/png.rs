//! A canvas as PNG, on a light ground.

use tiny_skia::{
    Color, FillRule, LineJoin, Paint as Ink, Path, PathBuilder, Pixmap, Stroke as Pen, StrokeDash,
    Transform,
};
use ttf_parser::OutlineBuilder;

use super::PlotError;
use super::canvas::{Canvas, Contour, Paint, Shape, Stroke, Text};
use super::font::Font;

/// Pixels a unit where no size is asked for: sharp on a dense screen, and in print at half
/// a column.
const USUAL_SCALE: f64 = 2.0;

/// The bytes of a PNG file.
///
/// # Errors
/// [`PlotError::Png`] where there is no memory for the picture.
pub fn png(canvas: &Canvas) -> Result<Vec<u8>, PlotError> {
    let failed = |what: &dyn std::fmt::Display| PlotError::Png { what: what.to_string() };
    let scale = canvas.scale.unwrap_or(USUAL_SCALE);
    let pixels = |length: f64| (length * scale).round() as u32;
    let (width, height) = (pixels(canvas.width), pixels(canvas.height));
    let pixmap = Pixmap::new(width, height);
    let pixmap = pixmap.ok_or_else(|| failed(&format!("{width} × {height} pixels")))?;
    let transform = Transform::from_scale(scale as f32, scale as f32);
    let mut painter = Painter { pixmap, transform, font: Font::new() };
    painter.pixmap.fill(color(canvas.ground));
    for shape in &canvas.shapes {
        match shape {
            Shape::Path { contours, fill, stroke } => painter.path(contours, *fill, *stroke),
            Shape::Text(text) => painter.text(text),
        }
    }
    painter.pixmap.encode_png().map_err(|error| failed(&error))
}

struct Painter {
    pixmap: Pixmap,
    /// From units of the canvas to pixels.
    transform: Transform,
    font: Font,
}

impl Painter {
    fn path(&mut self, contours: &[Contour], fill: Option<Paint>, stroke: Option<Stroke>) {
        let Some(path) = path(contours) else { return };
        if let Some(paint) = fill {
            self.fill(&path, paint);
        }
        if let Some(Stroke { paint, width, is_dashed }) = stroke {
            let dash = is_dashed.then(|| StrokeDash::new(vec![4.0, 3.0], 0.0)).flatten();
            let pen =
                Pen { width: width as f32, line_join: LineJoin::Round, dash, ..Pen::default() };
            self.pixmap.stroke_path(&path, &ink(paint), &pen, self.transform, None);
        }
    }

    fn fill(&mut self, path: &Path, paint: Paint) {
        self.pixmap.fill_path(path, &ink(paint), FillRule::Winding, self.transform, None);
    }

    fn text(&mut self, text: &Text) {
        let (sin, cos) = if text.is_vertical { (-1.0, 0.0) } else { (0.0, 1.0) };
        let [x, y] = text.at.map(|coordinate| coordinate as f32);
        let turned = Transform::from_row(cos, sin, -sin, cos, x, y);
        for (words, size, start) in self.font.parts(text) {
            let mut outline = Outline(PathBuilder::new());
            self.font.outline(words, size, start, &mut outline);
            let path = outline.0.finish().and_then(|path| path.transform(turned));
            if let Some(path) = path {
                self.fill(&path, text.paint);
            }
        }
    }
}

/// Takes the outlines of glyphs as parts of one path.
struct Outline(PathBuilder);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

fn path(contours: &[Contour]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for contour in contours {
        let mut points = contour.points.iter().map(|point| point.map(|c| c as f32));
        let Some([x, y]) = points.next() else { continue };
        builder.move_to(x, y);
        points.for_each(|[x, y]| builder.line_to(x, y));
        if contour.is_closed {
            builder.close();
        }
    }
    builder.finish()
}

fn ink(paint: Paint) -> Ink<'static> {
    let mut ink = Ink { anti_alias: true, ..Ink::default() };
    ink.set_color(color(paint));
    ink
}

fn color(paint: Paint) -> Color {
    let [red, green, blue] = paint.light;
    Color::from_rgba8(red, green, blue, 255)
}
