"""A handful of facts about made-up products."""

import yaml

from schemas.knowledge import AppliesTo, Fact, FactKind, FactSource, SourceGrade


def fact(id_, statement, *, component="zork", figures=None, **applies_to):
    return Fact(
        id=id_,
        topic="testing",
        component=component,
        kind=FactKind.VENDOR_GUIDANCE,
        statement=statement,
        figures=figures or {},
        applies_to=AppliesTo(**applies_to),
        source=FactSource(
            url="https://example.org/doc", title="A doc", grade=SourceGrade.OFFICIAL_DOC
        ),
    )


FACTS = (
    fact("frob-cache", "Frob keeps a cache of a quarter of memory.", component="frob",
         figures={"cache_fraction": 0.25}, products=("frob", "frobdb")),
    fact("frob-idle", "An idle frob server holds ninety megabytes.", component="frob",
         figures={"memory_idle_mib": 90}, products=("frob", "frobdb")),
    fact("gopher-heap", "The runtime returns memory to the system slowly.", component="golang",
         languages=("go",)),
    fact("node-heap", "Node.js limits its old generation to half of the container.",
         component="nodejs", languages=("javascript", "typescript")),
    fact("spring-start", "Spring Boot burns processor time while classes load.",
         component="spring-boot", languages=("java", "kotlin"), frameworks=("spring boot",)),
    fact("vpa-margin", "The recommender adds a margin of fifteen percent.", component="vpa",
         figures={"margin_fraction": 0.15}),
)  # fmt: skip


def write_corpus(directory, facts=FACTS):
    """The facts as one YAML file per component."""
    directory.mkdir(parents=True, exist_ok=True)
    for component in {item.component for item in facts}:
        rows = [
            item.model_dump(mode="json", exclude={"topic", "component"}, exclude_defaults=True)
            for item in facts
            if item.component == component
        ]
        whole = {"component": component, "topic": "testing", "facts": rows}
        (directory / f"{component}.yaml").write_text(yaml.safe_dump(whole))
    return directory
