//! Images in IDX files, the format of MNIST (<http://yann.lecun.com/exdb/mnist>): two
//! zeros, the type of the elements, the number of axes, the sizes as big-endian 32-bit
//! numbers, then the elements in row-major order. Files may be packed with gzip.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::split::{Shares, limit};
use super::{DataError, DataSource, Dataset, LARGEST, MOST_NUMBERS, Split, Targets};
use crate::num::IntervalBox;
use crate::train::Stream;

/// The keys of `source = "idx"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IdxData {
    /// File of the images, by the folder of the recipe: bytes of shape count × rows ×
    /// columns or count × channels × rows × columns.
    pub images: PathBuf,
    /// File of the labels: as many bytes. The classes are 0 to the largest of them.
    pub labels: PathBuf,
    /// Images of a test set of its own. Default: none; then `test` is the share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_images: Option<PathBuf>,
    /// Labels of a test set of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_labels: Option<PathBuf>,
    /// Input that the byte 255 becomes; 0 stays 0. Above 0. Default: 1.
    #[serde(default = "one")]
    pub white: f64,
    /// Number of samples kept for training, drawn at random: from 1. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// Share of the samples for validation: from 0, below 1. Default: 0.15.
    #[serde(default = "super::split::usual_share")]
    pub validation: f64,
    /// Share of the samples for the test: from 0, below 1. Default: 0.15, or none where
    /// there is a test set of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<f64>,
}

fn one() -> f64 {
    1.0
}

/// All samples of two files, in their order.
///
/// # Errors
/// [`DataError`].
pub fn read_images(images: &Path, labels: &Path, white: f64) -> Result<Dataset, DataError> {
    let data = IdxData {
        images: images.to_path_buf(),
        labels: labels.to_path_buf(),
        test_images: None,
        test_labels: None,
        white,
        samples: None,
        validation: 0.0,
        test: Some(0.0),
    };
    data.validate()?;
    Ok(data.read(images, labels)?.0)
}

impl IdxData {
    fn shares(&self) -> Result<Shares, DataError> {
        Shares::beside(self.validation, self.test, self.test_images.is_some())
    }

    /// The samples of two files.
    fn read(&self, images: &Path, labels: &Path) -> Result<(Dataset, u8), DataError> {
        let pixels = read(images, &[3, 4], "3 axes (count, rows, columns) or 4, with channels")?;
        let classes = read(labels, &[1], "1 axis (count)")?;
        let count = pixels.sizes[0];
        if classes.sizes[0] != count {
            let found = format!("{} labels", classes.sizes[0]);
            let expected = format!("{count}, one an image of {}", images.display());
            return Err(DataError::content(labels, "the header", found, expected));
        }
        let Some(&largest) = classes.bytes.iter().max() else {
            return Err(DataError::content(labels, "the header", "0 labels", "at least 1"));
        };
        let mut shape = pixels.sizes[1..].to_vec();
        if shape.len() == 2 {
            shape.insert(0, 1);
        }
        let inputs: usize = shape.iter().product();
        let values = pixels.bytes.iter().map(|&byte| f64::from(byte) / 255.0 * self.white);
        let domain = IntervalBox::new(vec![0.0; inputs], vec![self.white; inputs]);
        let data = Dataset {
            inputs: Array2::from_shape_vec((count, inputs), values.collect()).expect("as read"),
            targets: Targets::Classes {
                labels: classes.bytes.iter().map(|&byte| byte.into()).collect(),
                names: (0..=largest).map(|class| class.to_string()).collect(),
            },
            input_names: (0..inputs).map(|input| format!("x{input}")).collect(),
            shape: Some(shape),
            domain: Some(domain.expect("white is above 0")),
        };
        Ok((data, largest))
    }

    /// The samples of the test set, in the classes of the others.
    fn read_test(
        &self,
        images: &Path,
        labels: &Path,
        others: &Dataset,
    ) -> Result<Dataset, DataError> {
        let (mut data, largest) = self.read(images, labels)?;
        if data.shape != others.shape {
            let found = format!("images of shape {:?}", data.shape.unwrap_or_default());
            let expected =
                format!("{:?}, as for training", others.shape.clone().unwrap_or_default());
            return Err(DataError::content(images, "the header", found, expected));
        }
        let classes = others.targets.names();
        if usize::from(largest) >= classes.len() {
            let expected = format!("0 to {}, as for training", classes.len() - 1);
            let found = format!("label {largest}");
            return Err(DataError::content(labels, "the labels", found, expected));
        }
        if let Targets::Classes { names, .. } = &mut data.targets {
            *names = classes.to_vec();
        }
        Ok(data)
    }
}

impl DataSource for IdxData {
    fn validate(&self) -> Result<(), DataError> {
        if self.test_images.is_some() != self.test_labels.is_some() {
            let there = |path: &Option<PathBuf>| if path.is_some() { "a file" } else { "none" };
            let found = format!(
                "{}, and test_labels: {}",
                there(&self.test_images),
                there(&self.test_labels)
            );
            return Err(DataError::key("test_images", found, "both or none of them"));
        }
        if !(self.white > 0.0 && self.white.is_finite()) {
            return Err(DataError::key("white", self.white, "a finite number above 0"));
        }
        if self.white > LARGEST {
            return Err(DataError::key("white", self.white, format!("at most {LARGEST:e}")));
        }
        if self.samples == Some(0) {
            return Err(DataError::key("samples", 0, "at least 1"));
        }
        self.shares()?.check()
    }

    fn load(&self, folder: &Path, seed: u64) -> Result<Split, DataError> {
        self.validate()?;
        let (data, _) = self.read(&folder.join(&self.images), &folder.join(&self.labels))?;
        let mut split = self.shares()?.split(&data, &mut Stream::Split.random(seed))?;
        if let (Some(images), Some(labels)) = (&self.test_images, &self.test_labels) {
            split.test = self.read_test(&folder.join(images), &folder.join(labels), &data)?;
        }
        limit(&mut split, self.samples)?;
        Ok(split)
    }
}

/// The content of a file.
struct Idx {
    sizes: Vec<usize>,
    bytes: Vec<u8>,
}

/// Reads a file of bytes with one of the given numbers of axes.
fn read(path: &Path, axes: &[usize], expected_axes: &str) -> Result<Idx, DataError> {
    let failed = |error: std::io::Error| DataError::system(path, &error);
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let packed = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
    let mut stream: Box<dyn Read> =
        if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };

    let magic = take(&mut stream, 4, path, "the header")?;
    let [0, 0, kind, axis_count] = magic[..] else {
        let found = format!("{magic:02x?}");
        return Err(DataError::content(path, "the header", found, "[00, 00, type, axes] of IDX"));
    };
    if kind != 0x08 {
        let found = format!("elements of type {kind:#04x}");
        return Err(DataError::content(path, "the header", found, "0x08 (bytes)"));
    }
    if !axes.contains(&axis_count.into()) {
        let found = format!("{axis_count} axes");
        return Err(DataError::content(path, "the header", found, expected_axes));
    }
    let sizes = take(&mut stream, 4 * usize::from(axis_count), path, "the header")?;
    let sizes: Vec<usize> = sizes
        .chunks_exact(4)
        .map(|size| u32::from_be_bytes(size.try_into().expect("four bytes")) as usize)
        .collect();
    let elements = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    let Some(elements) = elements.filter(|&elements| elements <= MOST_NUMBERS) else {
        let (found, expected) =
            (format!("sizes {sizes:?}"), format!("at most {MOST_NUMBERS} elements"));
        return Err(DataError::content(path, "the header", found, expected));
    };
    if sizes.contains(&0) {
        let found = format!("sizes {sizes:?}");
        return Err(DataError::content(path, "the header", found, "sizes from 1"));
    }
    let bytes = take(&mut stream, elements, path, "the elements")?;
    let mut rest = [0];
    if stream.read(&mut rest).map_err(failed)? != 0 {
        let expected = format!("the end after {elements} elements, which sizes {sizes:?} have");
        return Err(DataError::content(path, "the elements", "more", expected));
    }
    Ok(Idx { sizes, bytes })
}

/// The next bytes. Memory grows with what is there, not with what the header says.
fn take(
    stream: &mut dyn Read,
    count: usize,
    path: &Path,
    place: &str,
) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let read = stream.take(count as u64).read_to_end(&mut bytes);
    read.map_err(|error| DataError::content(path, place, error, "a whole gzip file"))?;
    if bytes.len() < count {
        let found = format!("the end of the file after {} bytes", bytes.len());
        return Err(DataError::content(path, place, found, format!("{count} bytes")));
    }
    Ok(bytes)
}
