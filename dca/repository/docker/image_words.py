"""Words in the names of Dockerfiles, stages, base images and programs, and what they say."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OTHER_FORMATS = _words(
    """
    bak dockerignore ejs erb go hbs html in j2 java jinja js json lock md mustache orig png py
    rb rs rst sh svg template tmpl tpl ts txt yaml yml
    """
)
"""Endings of files that only look like Dockerfiles: templates, notes, code."""

VARIANTS = _words(
    """
    aarch alpine amd amd64 app arch arm arm64 armhf armv bookworm boringcrypto buildkit buildx
    bullseye buster cached centos cpu cross cuda d debian debug default dev devel development
    distroless docker downstream edge fast fedora final fips focal full glibc goreleaser gpu
    heroku image jammy jar jdk jre jvm k konflux kubernetes latest le legacy linux local ltsc
    main micro minimal multi multiarch musl nanoserver native node nonroot ocp okd openshift
    optimized ppc ppc64le prebuilt prod production python quick release rhel rhtap rocm root
    rootless run runner runtime s s390x scratch servercore simple skaffold slim stable
    standalone static tilt tpu ubi ubuntu upstream v windows x
    """
)
"""Words that say how an image is built or for what platform, not what it does."""

PREFERRED = ("", "prod", "production", "release", "run", "runtime", "final")
"""Words of the variant that runs in production, best first; empty is the plain file."""

LAST_CHOICE = _words(
    """
    debug dev devel development local ltsc nanoserver windows
    """
)
"""Words of variants that count only where there are no others."""

PRODUCTION = _words(
    """
    final prod production release runner runtime
    """
)
"""Words of the stage that is deployed."""

HELPERS = _words(
    """
    base bench benchmark build buildenv builder ci codegen coverage crds cypress dapper deps
    devcontainer doc docs e2e envtest fuzz gen integration lint playwright proto protoc sonar
    test testing tests toolbox toolchain tooling tools unit
    """
)
"""Words of images that only build, test or generate."""

SYSTEMS = _words(
    """
    alpine amazonlinux base bun busybox centos corretto debian deno eclipse elixir erlang fedora
    gcc go golang gradle maven node openjdk php python rockylinux ruby rust swift temurin ubi
    ubuntu
    """
)
"""First words of base images that start nothing by themselves."""

TOOLS = frozenset(
    [
        "[cat]",
        "bash",
        "buf",
        "cat",
        "cypress",
        "echo",
        "eslint",
        "false",
        "golangci-lint",
        "jest",
        "ls",
        "make",
        "mkdocs",
        "playwright",
        "protoc",
        "pytest",
        "sh",
        "sleep",
        "tox",
        "true",
        "zsh",
    ]
)
"""Programs that end when their work is done or start nothing."""

TEST_MODULES = _words(
    """
    nose pytest tox unittest
    """
)
"""Python modules that run tests."""

TEST_STARTS = (
    ("npm", "test"),
    ("go", "test"),
    ("mvn", "test"),
    ("yarn", "test"),
    ("npm", "run", "test"),
)
"""First words of commands that run tests."""
