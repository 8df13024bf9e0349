//! A canvas as PDF: one page as large as the picture, on a light ground. Texts are outlines, so
//! that the page looks the same wherever it is opened or printed.

use pdf_writer::types::LineJoinStyle;
use pdf_writer::{Content, Finish, Pdf, Rect, Ref, TextStr};
use ttf_parser::OutlineBuilder;

use super::canvas::{Canvas, Contour, Paint, Shape, Stroke, Text};
use super::font::Font;

/// Points of print a unit, where no size is asked for: a pixel of a browser, of which 96 are an
/// inch.
const USUAL_SCALE: f64 = 0.75;

/// The bytes of a PDF file.
pub fn pdf(canvas: &Canvas) -> Vec<u8> {
    let [catalog, pages, page, content, info] = [1, 2, 3, 4, 5].map(Ref::new);
    let scale = USUAL_SCALE * canvas.scale.unwrap_or(1.0);
    let [width, height] = [canvas.width, canvas.height].map(|length| (length * scale) as f32);
    let mut painter = Painter { content: Content::new(), font: Font::new() };
    // Units of the canvas, whose `y` grows downwards.
    painter.content.transform([scale as f32, 0.0, 0.0, -scale as f32, 0.0, height]);
    painter.content.set_line_join(LineJoinStyle::RoundJoin);
    let ground = Contour::rectangle([0.0, 0.0], [canvas.width, canvas.height]);
    painter.path(&[ground], Some(canvas.ground), None);
    for shape in &canvas.shapes {
        match shape {
            Shape::Path { contours, fill, stroke } => painter.path(contours, *fill, *stroke),
            Shape::Text(text) => painter.text(text),
        }
    }
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut sheet = pdf.page(page);
    sheet.parent(pages).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
    sheet.resources();
    sheet.finish();
    pdf.stream(content, &painter.content.finish());
    pdf.document_info(info).title(TextStr(&canvas.title)).creator(TextStr("taut"));
    pdf.finish()
}

struct Painter {
    content: Content,
    font: Font,
}

impl Painter {
    fn path(&mut self, contours: &[Contour], fill: Option<Paint>, stroke: Option<Stroke>) {
        if let Some(paint) = fill {
            self.color(paint);
            self.contours(contours);
            self.content.fill_nonzero();
        }
        if let Some(Stroke { paint, width, is_dashed }) = stroke {
            let [red, green, blue] = channels(paint);
            let dashes: &[f32] = if is_dashed { &[4.0, 3.0] } else { &[] };
            self.content.set_stroke_rgb(red, green, blue);
            self.content.set_line_width(width as f32);
            self.content.set_dash_pattern(dashes.iter().copied(), 0.0);
            self.contours(contours);
            self.content.stroke();
        }
    }

    fn color(&mut self, paint: Paint) {
        let [red, green, blue] = channels(paint);
        self.content.set_fill_rgb(red, green, blue);
    }

    fn contours(&mut self, contours: &[Contour]) {
        for contour in contours {
            let mut points = contour.points.iter().map(|point| point.map(|c| c as f32));
            let Some([x, y]) = points.next() else { continue };
            self.content.move_to(x, y);
            points.for_each(|[x, y]| {
                self.content.line_to(x, y);
            });
            if contour.is_closed {
                self.content.close_path();
            }
        }
    }

    fn text(&mut self, text: &Text) {
        let (sin, cos) = if text.is_vertical { (-1.0, 0.0) } else { (0.0, 1.0) };
        let [x, y] = text.at.map(|coordinate| coordinate as f32);
        self.content.save_state();
        self.color(text.paint);
        self.content.transform([cos, sin, -sin, cos, x, y]);
        for (words, size, start) in self.font.parts(text) {
            let mut outline = Outline { content: &mut self.content, at: [0.0; 2] };
            self.font.outline(words, size, start, &mut outline);
        }
        self.content.fill_nonzero();
        self.content.restore_state();
    }
}

fn channels(paint: Paint) -> [f32; 3] {
    paint.light.map(|channel| f32::from(channel) / 255.0)
}

/// Takes the outlines of glyphs; PDF knows cubic curves only.
struct Outline<'a> {
    content: &'a mut Content,
    /// The point that the next line or curve begins at.
    at: [f32; 2],
}

impl OutlineBuilder for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.content.move_to(x, y);
        self.at = [x, y];
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.content.line_to(x, y);
        self.at = [x, y];
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let towards = |a: f32, b: f32| a + 2.0 / 3.0 * (b - a);
        let [x0, y0] = self.at;
        let first = [towards(x0, x1), towards(y0, y1)];
        let second = [towards(x, x1), towards(y, y1)];
        self.curve_to(first[0], first[1], second[0], second[1], x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.content.cubic_to(x1, y1, x2, y2, x, y);
        self.at = [x, y];
    }

    fn close(&mut self) {
        self.content.close_path();
    }
}
