//! Installs what is missing, by need, and asks nothing.
//!
//! Where it may not install, because it is not root, it prints the one command that would, and stops.

pub(crate) mod foreign;
pub(crate) mod geoip;
mod node;
mod packages;
mod toolchain;

use crate::{
    repository::Repository,
    setup::packages::{Package, Probe},
};

/// What `up` needs: a C compiler for the crypto library, npm for the style sheet, and the WebAssembly target.
pub(crate) fn for_up(repository: &Repository) -> anyhow::Result<()> {
    packages::install(BUILD)?;
    node::ensure(repository)?;
    toolchain::webassembly()
}

/// What `test` needs beside that: encoders, players, a browser, a database, and programs of others to speak with.
pub(crate) fn for_test(repository: &Repository) -> anyhow::Result<()> {
    packages::install(&[BUILD, TEST].concat())?;
    node::ensure(repository)?;
    foreign::ensure(repository)?;
    geoip::ensure()?;
    toolchain::components(repository)?;
    toolchain::webassembly()
}

/// What `check` needs: the formatter and the linter, and a C compiler to build what is linted.
pub(crate) fn for_check(repository: &Repository) -> anyhow::Result<()> {
    packages::install(BUILD)?;
    toolchain::components(repository)
}

/// What `bench` needs: an encoder, and the server to compare with.
pub(crate) fn for_bench(repository: &Repository) -> anyhow::Result<()> {
    packages::install(&[BUILD, BENCH].concat())?;
    node::ensure(repository)?;
    toolchain::webassembly()
}

/// What `lighthouse` needs: a browser beside what is built.
pub(crate) fn for_lighthouse(repository: &Repository) -> anyhow::Result<()> {
    packages::install(&[BUILD, &[CHROMIUM]].concat())?;
    node::ensure(repository)?;
    toolchain::webassembly()
}

/// All of it.
pub(crate) fn everything(repository: &Repository) -> anyhow::Result<()> {
    packages::install(&[BUILD, TEST, BENCH].concat())?;
    node::ensure(repository)?;
    foreign::ensure(repository)?;
    geoip::ensure()?;
    toolchain::components(repository)?;
    toolchain::webassembly()
}

const BUILD: &[Package] = &[
    Package {
        name: "build-essential",
        probe: Probe::Programs(&["cc"]),
    },
    Package {
        name: "ca-certificates",
        probe: Probe::File("/etc/ssl/certs/ca-certificates.crt"),
    },
    Package {
        name: "nodejs",
        probe: Probe::Programs(&["node"]),
    },
    Package {
        name: "npm",
        probe: Probe::Programs(&["npm"]),
    },
];

const TEST: &[Package] = &[
    CHROMIUM,
    Package {
        name: "curl",
        probe: Probe::Programs(&["curl"]),
    },
    Package {
        name: "ffmpeg",
        probe: Probe::Programs(&["ffmpeg", "ffprobe"]),
    },
    Package {
        name: "gstreamer1.0-tools",
        probe: Probe::Programs(&["gst-launch-1.0", "gst-inspect-1.0"]),
    },
    Package {
        name: "gstreamer1.0-plugins-base",
        probe: Probe::Element("videotestsrc"),
    },
    Package {
        name: "gstreamer1.0-plugins-good",
        probe: Probe::Element("flvmux"),
    },
    Package {
        name: "gstreamer1.0-plugins-bad",
        probe: Probe::Element("rtmp2sink"),
    },
    Package {
        name: "gstreamer1.0-plugins-ugly",
        probe: Probe::Element("x264enc"),
    },
    Package {
        name: "gstreamer1.0-libav",
        probe: Probe::Element("avenc_aac"),
    },
    Package {
        name: "haproxy",
        probe: Probe::File("/usr/sbin/haproxy"),
    },
    Package {
        name: "nginx",
        probe: Probe::File("/usr/sbin/nginx"),
    },
    Package {
        name: "openssl",
        probe: Probe::Programs(&["openssl"]),
    },
    Package {
        name: "pebble",
        probe: Probe::Programs(&["pebble", "pebble-challtestsrv"]),
    },
    Package {
        name: "jq",
        probe: Probe::Programs(&["jq"]),
    },
    Package {
        name: "prometheus",
        probe: Probe::Programs(&["prometheus"]),
    },
    Package {
        name: "syslog-ng-core",
        probe: Probe::File("/usr/sbin/syslog-ng"),
    },
    Package {
        name: "poppler-utils",
        probe: Probe::Programs(&["pdftotext"]),
    },
    Package {
        name: "python3-venv",
        probe: Probe::Module("ensurepip"),
    },
    POSTGRESQL,
];

const CHROMIUM: Package = Package {
    name: "chromium",
    probe: Probe::Programs(&["chromium"]),
};

const POSTGRESQL: Package = Package {
    name: "postgresql",
    probe: Probe::Folder {
        parent: "/usr/lib/postgresql",
        holds: "bin/initdb",
    },
};

const BENCH: &[Package] = &[
    POSTGRESQL,
    Package {
        name: "ffmpeg",
        probe: Probe::Programs(&["ffmpeg", "ffprobe"]),
    },
    Package {
        name: "nginx",
        probe: Probe::File("/usr/sbin/nginx"),
    },
    Package {
        name: "libnginx-mod-rtmp",
        probe: Probe::File("/usr/lib/nginx/modules/ngx_rtmp_module.so"),
    },
];
