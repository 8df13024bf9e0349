//! Instances and recipes, and what is none: for the readers, and for the schemas of both.

/// Texts of instances.
pub const INSTANCES: &[&str] = &[
    "network = 'a.onnx'",
    "network = 'a.onnx'\nsense = 'maximize'",
    "network = 'a.onnx'\n[reference]\nobjective = 1\nsource = 'by hand'",
];

/// Texts that no instance has.
pub const NO_INSTANCES: &[&str] = &[
    "title = 'no network'",
    "network = 3",
    "network = 'a.onnx'\nobjectiv = 'y0'",
    "network = 'a.onnx'\nsense = 'max'",
    "network = 'a.onnx'\nlower = ['a']\nupper = [1]",
    "network = 'a.onnx'\ninteger = [-1]",
    "network = 'a.onnx'\nconstraints = 'x0 <= 1'",
    "network = 'a.onnx'\n[reference]\nobjective = 1",
    "network = 'a.onnx'\n[reference]\nobjective = 1\nsource = ''\nyear = 2020",
];

/// Texts of recipes.
pub const RECIPES: &[&str] = &[
    "",
    "[penalty]\nl1 = [0.1, 0.2, 0.3]\nbig_m = 1e-3",
    "[data]\nsource = 'csv'\nfile = 'a.csv'\ntargets = ['loss']",
    "[network]\ndropout = 0.1\n[[network.convolutions]]\nchannels = 3\npool = 'max'",
];

/// Texts that no recipe has.
pub const NO_RECIPES: &[&str] = &[
    "epochs = 3",
    "[training]\nlearning_rat = 1",
    "[training]\nepochs = 1.5",
    "[training]\nschedule = 'linear'",
    "[training]\noptimizer = 'adamm'",
    "[data]\nsource = 'function'\nfunction = 'pekas'",
    "[data]\nsource = 'function'\nfile = 'a.csv'",
    "[data]\nsource = 'csv'",
    "[data]\nsource = 'table'",
    "[penalty]\nl3 = 1",
    "[penalty]\nl1 = 'a'",
    "[init]\nmethod = 'hee'",
    "[network]\nhidden = [-1]",
];
