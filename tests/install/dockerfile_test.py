#!/usr/bin/env python3
"""Whether what packaging/Dockerfile and packaging/hanok.service name is there, for machines without docker and systemd.

usage: dockerfile_test.py SOURCE BUILD HANOK

Files it copies, functions and lists of tools/packages.sh, options and targets of the build, flags and variables of the program, and,
where apt knows packages, every package by name.
"""
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE, BUILD, HANOK = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
text = (SOURCE / "packaging/Dockerfile").read_text().replace("\\\n", " ")
faults = []


def expect(condition, what):
    if not condition:
        faults.append(what)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=SOURCE).stdout


for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M):
    for name in line.split()[:-1]:
        expect((SOURCE / name).exists(), f"COPY {name}: is not there")
copied = re.search(r"COPY --from=build (\S+)", text).group(1)
expect(copied == "/src/build/*.deb" and "cd build && cpack -G DEB" in text, f"COPY --from=build {copied}: cpack writes elsewhere")

for name in set(re.findall(r"\b(install_packages|build_jobs)\b", text)):
    expect(name in output("bash", "-c", ". tools/packages.sh; declare -F"), f"tools/packages.sh has no {name}")
packages = []
for name in set(re.findall(r"\$\{(\w+)\[@\]\}", text)):
    found = output("bash", "-c", f'. tools/packages.sh; printf "%s\\n" "${{{name}[@]}}"').split()
    expect(found, f"tools/packages.sh has no list {name}")
    packages += found

root = (SOURCE / "CMakeLists.txt").read_text()
for option in re.findall(r"-D(HANOK_\w+)=", text):
    expect(re.search(rf"option\({option}\b|set\({option}\b", root), f"-D{option}: CMakeLists.txt has no such option")
targets = output("cmake", "--build", BUILD, "--target", "help")
for target in re.search(r"--target ((?:\w+ )+)", text).group(1).split():
    expect(re.search(rf"\b{target}\b", targets), f"--target {target}: the build has none")

command = re.search(r"^CMD \[(.*)\]$", text, re.M).group(1).replace('"', "").split(", ")
help_text = output(HANOK, command[0], "--help")
service = (SOURCE / "packaging/hanok.service").read_text()
expect("ExecStart=/usr/bin/hanok serve" in service, "hanok.service starts something else")
for flag in [c for c in command if c.startswith("--")] + re.findall(r"(--[\w-]+)", " ".join(re.findall(r"HANOK_SERVE=(.*)", service))):
    expect(flag in help_text, f"hanok {command[0]} has no {flag}")
sources = "".join(p.read_text() for p in (SOURCE / "apps/hanok").glob("*.cpp"))
for variable in set(re.findall(r"\b(HANOK_(?!SERVE)\w+)(?==)", " ".join(re.findall(r"(?:ENV|-e|Environment=|#) ?(.*)", text + service))) ) - {"HANOK_TESTS"}:
    expect(f'"{variable}"' in sources, f"the program reads no {variable}")

packages += re.findall(r"[\w.+-]+", re.search(r'CPACK_DEBIAN_PACKAGE_DEPENDS "([^"]*)"', (SOURCE / "cmake/HanokInstall.cmake").read_text()).group(1))
packages += ["ca-certificates"]
if shutil.which("apt-cache") and "Package: cmake" in output("apt-cache", "show", "cmake"):
    for package in sorted(set(packages)):
        expect(f"Package: {package}\n" in output("apt-cache", "show", package), f"apt knows no package {package}")
else:
    print("apt knows no packages here: their names were not looked at")
for fault in faults:
    print(fault)
sys.exit(bool(faults))
