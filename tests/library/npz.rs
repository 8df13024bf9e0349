//! NumPy archives: files that NumPy 2.4 wrote, by `numpy.savez` and `numpy.savez_compressed`,
//! and what is written.

use taut::io::write_network;
use taut::network::Precision;

use crate::support::{assert_computes, format, read, read_error};

const IN_OUT: &[u8] = include_bytes!("npz/in-out-f4.npz");
const OUT_IN: &[u8] = include_bytes!("npz/out-in-f8.npz");
/// Half, single and double precision, both orders of bytes, Fortran's order of axes, biases as
/// matrices of one row.
const MIXED: &[u8] = include_bytes!("npz/mixed.npz");

/// `relu(x W0 + b0) W1 + b1` with `W0` = ((1, −2, 0.5), (0.25, 1, −1)), `b0` = (0.5, −0.25,
/// 0.125), `W1` = (1.5, −1, 2) and `b1` = −0.75.
fn by_hand([x, y]: [f64; 2]) -> [f64; 1] {
    let first = (x + 0.25 * y + 0.5).max(0.0);
    let second = (y - 2.0 * x - 0.25).max(0.0);
    let third = (0.5 * x - y + 0.125).max(0.0);
    [1.5 * first - second + 2.0 * third - 0.75]
}

const POINTS: [[f64; 2]; 5] = [[0.0, 0.0], [1.0, -1.0], [-0.5, 0.25], [0.3, -0.7], [2.0, 3.0]];

#[test]
fn archives_of_numpy_are_networks() {
    for (bytes, precision) in
        [(IN_OUT, Precision::F32), (OUT_IN, Precision::F64), (MIXED, Precision::F64)]
    {
        let network = read("npz", bytes);
        assert_computes(&network, &POINTS, by_hand);
        // By `numpy.maximum(x @ W0 + b0, 0) @ W1 + b1`.
        for (point, value) in POINTS.iter().zip([0.25, 4.375, -1.65625, 2.1375, 4.125]) {
            let found = network.evaluate_point(point)[0];
            assert!((found - value).abs() < 1e-15, "{found}; expected {value}");
        }
        assert_eq!(network.metadata().precision, precision);
        assert_eq!((network.inputs(), network.outputs()), (2, 1));
    }
}

#[test]
fn a_copy_is_the_same() {
    for bytes in [IN_OUT, OUT_IN] {
        let network = read("npz", bytes);
        let copy = read("npz", &format("npz").write(&network).expect("weights and biases"));
        assert_eq!(copy.lower().unwrap(), network.lower().unwrap());
        assert_eq!(copy.metadata(), network.metadata());
    }
}

/// The archive of Taut's writer is no larger than that of `numpy.savez`, which has wider fields.
#[test]
fn what_is_written_has_the_size_of_its_numbers() {
    let written = format("npz").write(&read("npz", IN_OUT)).expect("weights and biases");
    assert!(written.len() <= IN_OUT.len(), "{} bytes", written.len());
}

#[test]
fn networks_that_have_no_place_in_an_archive() {
    let refused = |format_name: &str, text: &str| {
        let network = read(format_name, text.as_bytes());
        format("npz").write(&network).expect_err("no place").to_string()
    };
    let square = "1,2,2,2,\n2,2,\n0,\n0,0,\n1,1,\n0,0,0,\n1,1,1,\n1,2,\n3,4,\n0,\n0,\n";
    assert_eq!(
        refused("nnet", square),
        "the network: found only square matrices; expected one that is not, to tell rows from \
         columns"
    );
    let scaled = "1,1,1,1,\n1,1,\n0,\n0,\n1,\n0,0,\n1,2,\n1,\n0,\n";
    assert_eq!(
        refused("nnet", scaled),
        "the network: found a normalisation of inputs or outputs; expected weights and biases \
         alone, such as --nnet-units normalised reads"
    );
}

/// The bytes of an archive whose members are stored: everything behind the names of the arrays
/// is as NumPy wrote it, so that what stands in the text can be replaced by as many bytes.
fn changed(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut changed = bytes.to_vec();
    let places: Vec<usize> =
        (0..=bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "{}", String::from_utf8_lossy(from));
    places.iter().for_each(|&at| changed[at..at + to.len()].copy_from_slice(to));
    changed
}

#[test]
fn archives_that_are_wrong() {
    let error = |bytes: &[u8]| read_error("npz", bytes).to_string();
    assert_eq!(
        error(&changed(IN_OUT, b"W1.npy", b"V1.npy")),
        "the archive: found 'V1' and no 'W1'; expected arrays W0, b0, W1, b1, … and no others"
    );
    assert_eq!(
        error(&changed(IN_OUT, b"b1.npy", b"W2.npy")),
        "array 'W1': found no 'b1' beside it; expected a bias for all weights"
    );
    assert_eq!(
        error(&changed(IN_OUT, b"b1.npy", b"W1.npy")),
        "array 'W1': found two arrays of that name; expected one"
    );
    let damaged = changed(IN_OUT, b"'shape': (3, 1)", b"'shape': (1, 3)");
    assert_eq!(
        error(&damaged),
        "member 'W1.npy': found bytes that do not fit their checksum; expected those that were \
         written"
    );
    assert_eq!(
        error(&IN_OUT[..IN_OUT.len() / 2]),
        "the file: found no end of a ZIP archive; expected an archive as numpy.savez writes it"
    );
}

#[test]
fn a_file_by_its_extension() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for name in ["net.npz", "net.npz.gz"] {
        let path = folder.path().join(name);
        write_network(&read("npz", IN_OUT), &path).expect("a file");
        let network = taut::io::read_network(&path).expect("a network");
        assert_eq!(network.name(), "net");
        assert_computes(&network, &POINTS, by_hand);
    }
}

/// Each byte changed in two ways, and each prefix: an error or the same network, since what
/// changes the numbers is caught by a checksum.
#[test]
fn damaged_archives_are_refused_or_the_same() {
    for archive in [IN_OUT, OUT_IN] {
        let whole = read("npz", archive).lower().unwrap();
        for at in 0..archive.len() {
            for flip in [0x01, 0xff] {
                let mut bytes = archive.to_vec();
                bytes[at] ^= flip;
                if let Ok(network) = format("npz").read(&bytes, "test") {
                    assert_eq!(network.lower().unwrap(), whole, "byte {at} changed by {flip:#x}");
                }
            }
            assert!(format("npz").read(&archive[..at], "test").is_err(), "the first {at} bytes");
        }
    }
}
