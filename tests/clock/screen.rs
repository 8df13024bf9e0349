//! What a person sees: on a terminal that fits and leaves nothing behind, in a file without a
//! code of the terminal.

#![cfg(unix)]

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix_pty::pty::{Winsize, openpty};

/// A program on a terminal of its own, and all that it has written there.
struct Session {
    child: Child,
    written: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).env("TERM", "xterm");
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

impl Session {
    fn start(columns: u16, mut command: Command) -> Self {
        let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).expect("a terminal");
        let slave = || Stdio::from(pty.slave.try_clone().expect("its other side"));
        let child = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn();
        let child = child.expect("a run");
        // Only the child's own handles keep it open.
        drop(command);
        drop(pty.slave);
        let mut master = File::from(pty.master);
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = written.clone();
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // At the end of the child there is an error on Linux.
            while let Ok(count) = master.read(&mut bytes) {
                if count == 0 {
                    break;
                }
                kept.lock().expect("a list").extend(&bytes[..count]);
            }
        });
        Self { child, written, reader }
    }

    fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().expect("a list")).into_owned()
    }

    /// Waits for something to be written.
    fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.written().contains(text) {
            let waited = started.elapsed();
            assert!(waited < Duration::from_secs(60), "no '{text}' in {}", self.written());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(kill.expect("kill").success());
    }

    /// All that was written, once the program has ended.
    fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("an end");
        self.reader.join().expect("a reader");
        let written = self.written.lock().expect("a list");
        (status, String::from_utf8_lossy(&written).into_owned())
    }
}

/// What a terminal of this width shows in the end, and the longest line it ever showed.
fn shown(written: &str, columns: usize) -> (String, usize) {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut at, mut longest) = (0, 0);
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        match c {
            '\r' => at = 0,
            '\n' => {
                lines.push(Vec::new());
                at = 0;
            }
            '\x1b' => {
                let code: String = rest.by_ref().take_while(|c| *c != 'm' && *c != 'K').collect();
                match code.as_str() {
                    "[2" => lines.last_mut().expect("a line").clear(),
                    code => assert!(code.starts_with('['), "an unknown code {code:?}"),
                }
            }
            c => {
                let line = lines.last_mut().expect("a line");
                line.resize(line.len().max(at + 1), ' ');
                line[at] = c;
                at += 1;
                longest = longest.max(at);
            }
        }
    }
    assert!(longest <= columns, "{longest} columns of {columns}: {written}");
    let lines: Vec<String> = lines.into_iter().map(String::from_iter).collect();
    (lines.join("\n"), longest)
}

const SPINNER: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

/// A network with so many inputs that no search and no walk over its regions ends.
fn many_inputs(folder: &std::path::Path) -> String {
    let [recipe, network] = ["recipe.toml", "many.onnx"].map(|name| folder.join(name));
    let text = "[data]\nsource = 'function'\nfunction = 'rosenbrock'\ndimension = 12\n\
                samples = 500\n[network]\nhidden = [60, 60]\n[training]\nepochs = 1\n";
    std::fs::write(&recipe, text).expect("a recipe");
    let [recipe, network] = [recipe, network].map(|path| path.display().to_string());
    let status = command(&["train", &recipe, "-o", &network, "-q"]).output().expect("a run").status;
    assert!(status.success());
    network
}

/// Commands that take more than a second, and what their progress tells.
fn long_commands(folder: &std::path::Path) -> Vec<(Vec<String>, &'static str)> {
    let at = |name: &str| folder.join(name).display().to_string();
    let (network, model) = (at("out.onnx"), at("out.mps"));
    let (hard, many) = ("instances/peaks-2x50.toml", many_inputs(folder));
    let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect();
    vec![
        (words(&["minimize", &many]), " · search · value"),
        (words(&["minimize", hard, "--solver", "milp"]), " · solve"),
        (words(&["maximize", &many, "--solver", "enumerate"]), " regions"),
        (words(&["bounds", hard, "--tighten", "milp"]), " of 43 programs"),
        (words(&["analyze", hard, "--tighten", "milp"]), " of 43 programs"),
        (words(&["regions", &many]), " regions"),
        (words(&["scale", hard, "--tighten", "milp"]), " of 43 programs"),
        (words(&["compare", hard]), " · 1 of 5"),
        (words(&["export", hard, "--tighten", "milp", "-o", &model]), " of 43 programs"),
        (words(&["convert", hard, &network, "--prune", "--tighten", "milp"]), " of 43 programs"),
        (words(&["train", "--hidden", "200,200"]), " · epoch "),
    ]
}

#[test]
fn every_long_command_shows_progress_and_leaves_nothing_of_it() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for (turn, (words, told)) in long_commands(folder.path()).iter().enumerate() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let session = Session::start(80, command(&words));
        session.wait_for(told);
        session.signal(["-INT", "-TERM"][turn % 2]);
        let (status, written) = session.end();
        assert_eq!(status.code(), Some(3), "{words:?}: {written}");
        let (screen, _) = shown(&written, 80);
        assert!(!screen.contains(|c| SPINNER.contains(c)), "{words:?}: {screen}");
        assert!(screen.contains("stopped by an interrupt"), "{words:?}: {screen}");
        assert!(!screen.contains("Ctrl-C"), "{words:?}: {screen}");
    }
}

#[test]
fn reading_shows_progress_and_an_error_stands_alone() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let fifo = folder.path().join("endless.json");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let session = Session::start(120, command(&["info", &fifo.display().to_string()]));
    session.wait_for(" · read");
    // What is read is no network.
    std::fs::write(&fifo, "[").expect("a fifo");
    let (status, written) = session.end();
    assert_eq!(status.code(), Some(1));
    let (screen, _) = shown(&written, 120);
    assert!(screen.trim_start().starts_with("error: "), "{screen}");
    assert!(!screen.contains(|c| SPINNER.contains(c)), "{screen}");
}

/// The whole width is used in a pipe, 80 columns on a terminal of 80, and words stay whole.
#[test]
fn answers_fit_the_terminal() {
    let instance = "instances/rosenbrock4-2x25.toml";
    let commands: [&[&str]; 7] = [
        &["minimize", instance, "-v"],
        &["bounds", instance, "--tighten", "lp"],
        &["compare", instance, "--encoding", "big-m,split", "--seeds", "2"],
        &["analyze", instance],
        &["info", "networks/peaks-2x25.onnx"],
        &["scale", "networks/peaks-2x25.onnx"],
        &["train", "--epochs", "2", "--samples", "100"],
    ];
    for arguments in commands {
        for columns in [80, 120] {
            let (status, written) = Session::start(columns, command(arguments)).end();
            assert_eq!(status.code(), Some(0), "{arguments:?}: {written}");
            shown(&written, columns.into());
        }
    }
    let wide = command(commands[2]).output().expect("a run");
    let wide = String::from_utf8_lossy(&wide.stdout).into_owned();
    let heading = wide.lines().find(|line| line.starts_with("  bounds  scale")).expect("a table");
    assert!(heading.ends_with(" time") && heading.contains("columns"), "{heading}");
    let (_, narrow) = Session::start(80, command(commands[2])).end();
    let (narrow, _) = shown(&narrow, 80);
    // Every column is there, below where it does not fit.
    let words: Vec<&str> = narrow.split_whitespace().collect();
    assert!(heading.split_whitespace().all(|word| words.contains(&word)), "{narrow}");
}

fn has_codes(output: &Output) -> bool {
    [&output.stdout, &output.stderr].iter().any(|bytes| bytes.contains(&b'\x1b'))
}

#[test]
fn colours_are_for_terminals_unless_somebody_says_otherwise() {
    let run = |words: &[&str], variable: Option<&str>| {
        let mut command = command(words);
        variable.map(|variable| command.env(variable, "1"));
        command.output().expect("a run")
    };
    let instance = "instances/rosenbrock4-2x25.toml";
    // With a warning, the story of a run, an answer with a table; and with an error.
    let answer = ["maximize", instance, "-v", "--gap", "50"];
    let wrong = ["minimize", "none.onnx"];
    let usage = ["minimize", instance, "--gap", "wide"];
    for words in [&answer[..], &wrong, &usage] {
        assert!(!has_codes(&run(words, None)), "{words:?}");
        let always = [&["--color", "always"], words].concat();
        assert!(has_codes(&run(&always, None)), "{words:?}");
        assert!(has_codes(&run(words, Some("CLICOLOR_FORCE"))), "{words:?}");
        let json = run(&[words, &["--color=always", "--format=json"]].concat(), None);
        assert!(!json.stdout.contains(&b'\x1b'), "{words:?}");
    }
    let on_terminal = |words: &[&str], variable: Option<&str>| {
        let mut command = command(words);
        variable.map(|variable| command.env(variable, "1"));
        let (_, written) = Session::start(80, command).end();
        written.contains("\x1b[1m") || written.contains("\x1b[31m")
    };
    for words in [&answer[..], &wrong, &usage] {
        assert!(on_terminal(words, None), "{words:?}");
        assert!(!on_terminal(words, Some("NO_COLOR")), "{words:?}");
        assert!(!on_terminal(&[words, &["--color", "never"]].concat(), None), "{words:?}");
    }
}

#[test]
fn quiet_shows_no_progress_on_a_terminal() {
    let hard = ["maximize", "instances/peaks-2x50.toml", "--solver", "milp"];
    let hard = [&hard[..], &["--time-limit", "1500ms", "-q"]].concat();
    let (status, written) = Session::start(80, command(&hard)).end();
    assert_eq!(status.code(), Some(3), "{written}");
    assert!(!written.contains(|c| SPINNER.contains(c)), "{written}");
    // The direction is that of the command, and with -q no warning says so.
    assert!(
        written.contains("best value found of y0") && !written.contains("warning"),
        "{written}"
    );
}
