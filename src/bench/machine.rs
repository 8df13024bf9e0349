//! Where a program runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a program runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Operating system.
    os: String,
    /// Architecture of the processor.
    arch: String,
    /// Model of the processor, where the system tells.
    cpu: Option<String>,
    /// Threads that run at the same time.
    cores: Option<usize>,
}

impl Machine {
    /// The machine it runs on.
    pub fn this() -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = text.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split_once(':'));
        Self {
            os: std::env::consts::OS.to_string(),
            arch: std::env::consts::ARCH.to_string(),
            cpu: model.map(|(_, name)| name.trim().to_string()),
            cores: std::thread::available_parallelism().ok().map(usize::from),
        }
    }

    /// What it is, in a line.
    pub fn in_words(&self) -> String {
        let cpu = self.cpu.as_deref().unwrap_or("unknown processor");
        let cores = self.cores.map(|cores| format!(", {cores} cores")).unwrap_or_default();
        format!("{cpu}{cores}, {} {}", self.os, self.arch)
    }

    /// Its name, where the system tells.
    pub fn host() -> Option<String> {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        name.map(|name| name.trim().to_string())
    }

    /// Mean number of processes that waited for a processor in the last minute, where the system
    /// tells.
    pub fn load() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/loadavg").ok()?;
        text.split_whitespace().next()?.parse().ok()
    }
}
