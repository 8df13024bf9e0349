//! Images.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use taut::train::data::Targets;

use super::{class_counts, error, load, sizes};

const TEXT: &str = "source = 'idx'\nimages = 'images'\nlabels = 'labels'\n";

/// A file as the format says.
fn idx(sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Twelve images of 2 × 3 pixels, the first of which tells the number of the image, in
/// the classes 0, 1, 2, 0, 1, …
fn files() -> (Vec<u8>, Vec<u8>) {
    let image = |number: u8| [number, 51, 102, 153, 204, 255];
    let images: Vec<u8> = (0..12).flat_map(image).collect();
    let labels: Vec<u8> = (0..12).map(|number| number % 3).collect();
    (idx(&[12, 2, 3], &images), idx(&[12], &labels))
}

fn folder(images: &[u8], labels: &[u8]) -> temp_dir::TempDir {
    let folder = temp_dir::TempDir::new().unwrap();
    write(folder.path(), "images", images);
    write(folder.path(), "labels", labels);
    folder
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

#[test]
fn images_are_read_with_their_labels_packed_or_not() {
    let (images, labels) = files();
    let plain = load(TEXT, folder(&images, &labels).path(), 1).unwrap();
    let gz = load(TEXT, folder(&packed(&images), &packed(&labels)).path(), 1).unwrap();
    assert_eq!(plain, gz);
    assert_eq!(sizes(&plain), [6, 3, 3]);
    for part in [&plain.train, &plain.validation, &plain.test] {
        assert_eq!(part.shape, Some(vec![1, 2, 3]));
        assert_eq!(part.targets.names(), ["0", "1", "2"]);
        let Targets::Classes { labels, .. } = &part.targets else { panic!("values") };
        for (image, &label) in part.inputs.outer_iter().zip(labels) {
            let number = (image[0] * 255.0).round() as usize;
            assert_eq!(number % 3, label);
            assert_eq!(image.to_vec()[1..], [0.2, 0.4, 0.6, 0.8, 1.0]);
        }
        let counts = class_counts(part);
        assert_eq!(counts, vec![part.len() / 3; 3]);
        assert_eq!(part.domain.as_ref().unwrap().upper(), [1.0; 6]);
    }
}

#[test]
fn channels_and_the_value_of_white() {
    let images = idx(&[3, 2, 1, 2], &[0, 255, 51, 0, 0, 255, 51, 0, 0, 255, 51, 0]);
    let folder = folder(&images, &idx(&[3], &[0, 1, 1]));
    let text = format!("{TEXT}white = 255\nvalidation = 0\ntest = 0");
    let split = load(&text, folder.path(), 0).unwrap();
    assert_eq!(split.train.shape, Some(vec![2, 1, 2]));
    assert_eq!(split.train.inputs.row(0).to_vec(), [0.0, 255.0, 51.0, 0.0]);
}

#[test]
fn a_test_set_of_its_own() {
    let (images, labels) = files();
    let folder = folder(&images, &labels);
    let text =
        format!("{TEXT}test_images = 'more'\ntest_labels = 'more_labels'\nvalidation = 0.25");
    write(folder.path(), "more", &packed(&idx(&[1, 2, 3], &[255; 6])));
    write(folder.path(), "more_labels", &idx(&[1], &[1]));
    let split = load(&text, folder.path(), 0).unwrap();
    assert_eq!(sizes(&split), [9, 3, 1]);
    assert_eq!(class_counts(&split.test), [0, 1, 0]);

    write(folder.path(), "more_labels", &idx(&[1], &[3]));
    let expected = "more_labels: the labels: found label 3; expected 0 to 2, as for training";
    assert_eq!(error(&text, folder.path()), expected);
    write(folder.path(), "more", &idx(&[1, 3, 2], &[255; 6]));
    let expected =
        "more: the header: found images of shape [1, 3, 2]; expected [1, 2, 3], as for training";
    assert_eq!(error(&text, folder.path()), expected);
    let half = error(&format!("{TEXT}test_images = 'more'"), folder.path());
    let expected =
        "data.test_images: found a file, and test_labels: none; expected both or none of them";
    assert_eq!(half, expected);
}

#[test]
fn damaged_files_are_refused_with_what_is_wrong() {
    let (images, labels) = files();
    let cut = images[..images.len() - 5].to_vec();
    let long = [images.clone(), vec![0]].concat();
    let gz = packed(&images);
    let mut flipped = gz.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 0xff;
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (
            Vec::new(),
            "images: the header: found the end of the file after 0 bytes; expected 4 bytes",
        ),
        (
            images[..10].to_vec(),
            "images: the header: found the end of the file after 6 bytes; expected 12 bytes",
        ),
        (cut, "images: the elements: found the end of the file after 67 bytes; expected 72 bytes"),
        (
            long,
            "images: the elements: found more; expected the end after 72 elements, which sizes [12, 2, 3] have",
        ),
        (
            b"PNG.....".to_vec(),
            "images: the header: found [50, 4e, 47, 2e]; expected [00, 00, type, axes] of IDX",
        ),
        (
            vec![0, 0, 13, 3],
            "images: the header: found elements of type 0x0d; expected 0x08 (bytes)",
        ),
        (
            labels.clone(),
            "images: the header: found 1 axes; expected 3 axes (count, rows, columns) or 4, with channels",
        ),
        (
            idx(&[u32::MAX; 4], &[]),
            "images: the header: found sizes [4294967295, 4294967295, 4294967295, 4294967295]; expected at most 268435456 elements",
        ),
        (
            idx(&[1 << 20, 1 << 10, 1 << 10], &[]),
            "images: the header: found sizes [1048576, 1024, 1024]; expected at most",
        ),
        // As many as are allowed, but they are not there: no memory is taken for them.
        (
            idx(&[1 << 8, 1 << 10, 1 << 10], &[]),
            "images: the elements: found the end of the file after 0 bytes; expected 268435456 bytes",
        ),
        (
            idx(&[12, 0, 3], &[]),
            "images: the header: found sizes [12, 0, 3]; expected sizes from 1",
        ),
        (gz[..gz.len() - 9].to_vec(), "images: the elements: found "),
        (flipped, "images: "),
        (
            idx(&[11, 2, 3], &[0; 66]),
            "labels: the header: found 12 labels; expected 11, one an image of images",
        ),
    ];
    for (images, expected) in cases {
        let found = error(TEXT, folder(&images, &labels).path());
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    let found = error(TEXT, folder(&images, &images).path());
    assert_eq!(found, "labels: the header: found 3 axes; expected 1 axis (count)");
}

#[test]
fn empty_classes_and_bad_keys_are_refused() {
    let (images, _) = files();
    // No image of class 1.
    let labels = idx(&[12], &[0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2]);
    let found = error(TEXT, folder(&images, &labels).path());
    let expected =
        "class '1': found 0 samples; expected at least 3: one each for training, validation, test";
    assert_eq!(found, expected);
    let cases = [
        ("white = 0", "data.white: found 0; expected a finite number above 0"),
        ("white = inf", "data.white: found inf; expected a finite number above 0"),
        ("samples = 0", "data.samples: found 0; expected at least 1"),
        ("test = 1.5", "data.test: found 1.5; expected a share from 0, below 1"),
    ];
    for (keys, expected) in cases {
        assert_eq!(error(&format!("{TEXT}{keys}"), Path::new(".")), expected);
    }
    let found = error(&format!("{TEXT}white = 1e101"), Path::new("."));
    assert!(found.starts_with("data.white: found 1") && found.ends_with("at most 1e100"));
    let found = error(TEXT, temp_dir::TempDir::new().unwrap().path());
    assert!(found.starts_with("images: No such file"), "{found}");
}
