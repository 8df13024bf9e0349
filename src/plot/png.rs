//! Pictures as PNG, drawn from their SVG.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::PlotError;

/// Pixels for each unit of the SVG: sharp on a dense screen, and in print at half a column.
const SCALE: f32 = 2.0;

/// A picture as the bytes of a PNG file. The font comes with Taut, so that the picture is
/// the same everywhere.
///
/// # Errors
/// [`PlotError::Png`] where `svg` cannot be drawn.
pub fn png(svg: &str) -> Result<Vec<u8>, PlotError> {
    let failed = |what: &dyn std::fmt::Display| PlotError::Png { what: what.to_string() };
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().next().and_then(|face| face.families.first()).cloned();
    if let Some((family, _)) = family {
        fonts.set_sans_serif_family(family);
    }
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(&error))?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let size = size.ok_or_else(|| failed(&"a picture without size"))?;
    let pixels = Pixmap::new(size.width(), size.height());
    let mut pixels = pixels.ok_or_else(|| failed(&"a picture without size"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(&error))
}
