//! Tables.

use ndarray::{Array2, Axis, concatenate};
use taut::train::data::{Dataset, Targets};

use super::{class_counts, error, load, sizes};

/// A folder with a file `data.csv`.
fn folder(content: &[u8]) -> temp_dir::TempDir {
    let folder = temp_dir::TempDir::new().unwrap();
    std::fs::write(folder.path().join("data.csv"), content).unwrap();
    folder
}

/// All samples, ordered by the first input.
fn rows(parts: &[&Dataset]) -> Array2<f64> {
    let values = |data: &Dataset| match &data.targets {
        Targets::Values { values, .. } => values.clone(),
        Targets::Classes { .. } => panic!("classes"),
    };
    let tables: Vec<Array2<f64>> = parts
        .iter()
        .map(|data| concatenate(Axis(1), &[data.inputs.view(), values(data).view()]).unwrap())
        .collect();
    let views: Vec<_> = tables.iter().map(|table| table.view()).collect();
    let all = concatenate(Axis(0), &views).unwrap();
    let mut order: Vec<usize> = (0..all.nrows()).collect();
    order.sort_by(|&a, &b| all[[a, 0]].total_cmp(&all[[b, 0]]));
    all.select(Axis(0), &order)
}

#[test]
fn columns_are_taken_by_name_in_the_order_asked_for() {
    // With a mark of UTF-8, spaces, quotes and Windows line ends.
    let content = "\u{feff}a,\"b, b\", c ,d\r\n1,2,3,4\r\n5, 6 ,\"7\",8\r\n9,1e1,.5,-12\r\n";
    let folder = folder(content.as_bytes());
    let text = "source = 'csv'\nfile = 'data.csv'\ninputs = ['c', 'a']\ntargets = ['d', 'b, b']";
    let split = load(text, folder.path(), 0).unwrap();
    assert_eq!(sizes(&split), [1, 1, 1]);
    let expected =
        ndarray::arr2(&[[0.5, 9.0, -12.0, 10.0], [3.0, 1.0, 4.0, 2.0], [7.0, 5.0, 8.0, 6.0]]);
    assert_eq!(rows(&[&split.train, &split.validation, &split.test]), expected);
    assert_eq!(split.train.input_names, ["c", "a"]);
    assert_eq!(split.train.targets.names(), ["d", "b, b"]);
}

#[test]
fn all_other_columns_are_inputs_where_none_are_named() {
    let folder = folder(b"y;a;b\n1;2;3\n4;5;6\n");
    let text = "source = 'csv'\nfile = 'data.csv'\ndelimiter = ';'\ntargets = ['y']\nvalidation = 0\ntest = 0";
    let split = load(text, folder.path(), 0).unwrap();
    assert_eq!(sizes(&split), [2, 0, 0]);
    assert_eq!(split.train.input_names, ["a", "b"]);
    assert_eq!(rows(&[&split.train]), ndarray::arr2(&[[2.0, 3.0, 1.0], [5.0, 6.0, 4.0]]));
}

/// 60 of class 10, 20 of class 9, 4 of class 100 by the shares 1/2, 1/4, 1/4.
#[test]
fn classes_are_ordered_as_numbers_and_split_evenly() {
    let mut content = "x,kind\n".to_string();
    for (class, count) in [(10, 60), (9, 20), (100, 4)] {
        for sample in 0..count {
            content += &format!("{},{class}\n", 1000 * class + sample);
        }
    }
    let folder = folder(content.as_bytes());
    let text = "source = 'csv'\nfile = 'data.csv'\nclass = 'kind'\nvalidation = 0.25\ntest = 0.25";
    let split = load(text, folder.path(), 5).unwrap();
    assert_eq!(split.train.targets.names(), ["9", "10", "100"]);
    assert_eq!(class_counts(&split.train), [10, 30, 2]);
    assert_eq!(class_counts(&split.validation), [5, 15, 1]);
    assert_eq!(class_counts(&split.test), [5, 15, 1]);
    for part in [&split.train, &split.validation, &split.test] {
        let Targets::Classes { labels, .. } = &part.targets else { panic!("values") };
        for (row, &label) in part.inputs.outer_iter().zip(labels) {
            assert_eq!((row[0] / 1000.0).floor(), [9.0, 10.0, 100.0][label]);
        }
    }
    let fewer = load(&format!("{text}\nsamples = 40"), folder.path(), 5).unwrap();
    assert_eq!(sizes(&fewer), [40, 21, 21]);
    assert_eq!(fewer.test, split.test);
}

#[test]
fn a_test_file_is_read_in_the_classes_of_the_other_and_nothing_is_taken_for_the_test() {
    let folder = folder(b"a,b,kind\n1,2,yes\n3,4,no\n5,6,no\n7,8,yes\n");
    // The columns in another order, a further one, and one class only.
    std::fs::write(folder.path().join("test.csv"), "kind,note,b,a\nyes,-,20,10\n").unwrap();
    let text = "source = 'csv'\nfile = 'data.csv'\ntest_file = 'test.csv'\nclass = 'kind'\nvalidation = 0.5";
    let split = load(text, folder.path(), 0).unwrap();
    assert_eq!(sizes(&split), [2, 2, 1]);
    assert_eq!(split.test.inputs, ndarray::arr2(&[[10.0, 20.0]]));
    assert_eq!(class_counts(&split.test), [0, 1]);
    std::fs::write(folder.path().join("test.csv"), "a,b,kind\n1,2,maybe\n").unwrap();
    let expected = "test.csv: line 2, column 'kind': found 'maybe'; expected a class of the \
                    samples for training: no, yes";
    assert_eq!(error(text, folder.path()), expected);
    let both = error(&format!("{text}\ntest = 0.1"), folder.path());
    assert_eq!(both, "data.test: found 0.1 beside a test set; expected one of the two");
}

#[test]
fn bad_tables_are_refused_with_line_and_column() {
    let cases: [(&[u8], &str); 18] = [
        (
            b"a,y\r\n1,2\r\n3,\r\n",
            "data.csv: line 3, column 'y': found nothing; expected a finite number",
        ),
        (
            b"\"a\nb\",y\n1,2\n3\n",
            "data.csv: line 4: found 1 columns; expected 2, as in the header",
        ),
        (
            b"a,y\n1,2\n3,\n",
            "data.csv: line 3, column 'y': found nothing; expected a finite number",
        ),
        (
            b"a,y\n1,2\n\nNaN,4\n",
            "data.csv: line 4, column 'a': found 'NaN'; expected a finite number",
        ),
        (
            b"a,y\n1,2\n-inf,4\n",
            "data.csv: line 3, column 'a': found '-inf'; expected a finite number",
        ),
        (
            b"a,y\n1,2\n1e999,4\n",
            "data.csv: line 3, column 'a': found '1e999'; expected a finite number",
        ),
        (
            b"a,y\n1,2\n3,1e308\n",
            "data.csv: line 3, column 'y': found '1e308'; expected a magnitude of at most 1e100",
        ),
        (
            b"a,y\n1,2\n-1.1e100,4\n",
            "data.csv: line 3, column 'a': found '-1.1e100'; expected a magnitude of at most 1e100",
        ),
        (b"a,y\n1,2\n3,NA\n", "data.csv: line 3, column 'y': found 'NA'; expected a finite number"),
        (b"a,y\n1,2\n3,4,5\n", "data.csv: line 3: found 3 columns; expected 2, as in the header"),
        (b"a,y\n1,2\n3\n", "data.csv: line 3: found 1 columns; expected 2, as in the header"),
        (b"a,z\n1,2\n", "data.csv: the header: found no column 'y' among a, z; expected one"),
        (
            b"a,y,y\n1,2,3\n",
            "data.csv: the header: found several columns 'y' among a, y, y; expected one",
        ),
        (
            b"a,a,y\n1,2,3\n",
            "data.csv: the header: found several columns 'a' among a, a, y; expected one",
        ),
        (b"y\n1\n", "data.csv: the header: found no columns but y; expected a column for inputs"),
        (b"a,y\n", "data.csv: line 2: found the end; expected a line of numbers"),
        (b"", "data.csv: line 2: found the end; expected a line of numbers"),
        (b"a,y\n1,2\n\xff,4\n", "data.csv: line 3: found other bytes; expected text in UTF-8"),
    ];
    for (content, expected) in cases {
        let folder = folder(content);
        let text = "source = 'csv'\nfile = 'data.csv'\ntargets = ['y']";
        let found = error(text, folder.path());
        assert!(found.starts_with(expected), "{found}");
    }
    let missing = error("source = 'csv'\nfile = 'no.csv'\ntargets = ['y']", folder(b"").path());
    assert!(missing.starts_with("no.csv: No such file"), "{missing}");
}

#[test]
fn bad_classes_are_refused() {
    let cases: [(&[u8], &str); 4] = [
        (b"a,y\n1,p\n2,\n", "data.csv: line 3, column 'y': found nothing; expected a class"),
        (
            b"a,y\n1,p\n2,p\n",
            "data.csv: column 'y': found only class 'p'; expected at least two classes",
        ),
        (
            b"a,y\n1,p\n2,p\n3,p\n4,q\n5,q\n",
            "class 'q': found 2 samples; expected at least 3: one each for training, validation, test",
        ),
        (b"a,y\nx,p\n2,q\n", "data.csv: line 2, column 'a': found 'x'; expected a finite number"),
    ];
    for (content, expected) in cases {
        let folder = folder(content);
        assert_eq!(
            error("source = 'csv'\nfile = 'data.csv'\nclass = 'y'", folder.path()),
            expected
        );
    }
    let folder = folder(b"a,y\n1,p\n2,p\n3,p\n4,q\n5,q\n6,q\n");
    let text = "source = 'csv'\nfile = 'data.csv'\nclass = 'y'\nsamples = 1";
    let found = error(text, folder.path());
    assert!(
        found.ends_with("found 0 samples; expected at least 1: for training, of 1 kept"),
        "{found}"
    );
    let found = error(&text.replace("= 1", "= 9"), folder.path());
    assert_eq!(found, "data.samples: found 9; expected at most 2, the samples for training");
}

#[test]
fn bad_keys_are_refused_by_name() {
    let cases = [
        ("", "data.targets: found none, and no class; expected either targets or a class"),
        (
            "targets = ['y']\nclass = 'k'",
            "data.targets: found [\"y\"] beside class = 'k'; expected either",
        ),
        ("targets = ['y', 'y']", "data.inputs: found 'y' twice; expected each column once"),
        (
            "targets = ['y']\ninputs = ['y']",
            "data.inputs: found 'y' twice; expected each column once",
        ),
        (
            "targets = ['y']\ndelimiter = '→'",
            "data.delimiter: found '→'; expected an ASCII character",
        ),
        ("targets = ['y']\nsamples = 0", "data.samples: found 0; expected at least 1"),
        ("targets = ['y']\nvalidation = 2", "data.validation: found 2; expected a share"),
    ];
    for (keys, expected) in cases {
        let found = error(&format!("source = 'csv'\nfile = 'a.csv'\n{keys}"), ".".as_ref());
        assert!(found.starts_with(expected), "{keys}\n{found}");
    }
}
