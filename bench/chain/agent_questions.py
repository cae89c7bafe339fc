"""Fifty questions that need the calculator or a search, asked of `hanok agent`: how many actions could not be read, how
many runs kept their limits, how many answers are right.
usage: agent_questions.py HANOK MODEL [--steps 3] [--only N]"""
import json
import os
import subprocess
import sys
import tempfile

HANOK, MODEL = sys.argv[1], sys.argv[2]
option = lambda name, otherwise: int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else otherwise
STEPS, ONLY = option("--steps", 3), option("--only", 50)

SUMS = [("What is 12.5% of 80?", "10"), ("What is 17 * 23?", "391"), ("What is 1000 - 387?", "613"), ("What is 144 / 12?", "12"),
        ("What is 2 to the power of 20?", "1048576"), ("What is 15% of 240?", "36"), ("What is 999 + 1234?", "2233"),
        ("What is the square root of 1764?", "42"), ("What is 7! (seven factorial)?", "5040"), ("What is 3.5 * 4.2?", "14.7"),
        ("How many minutes are 3 hours and 20 minutes?", "200"), ("How many hours are 2 days and 6 hours?", "54"),
        ("How many days is it from 2026-03-01 to 2026-12-25?", "299"), ("Which date is 30 days after 2024-01-31?", "2024-03-01"),
        ("Which weekday is 2026-11-29?", "sunday"), ("What is (18 + 24) * 3?", "126"), ("What is 81 mod 7?", "4"),
        ("A book costs 12000 won and a pen 1500 won. How much are two books and three pens?", "28500"),
        ("A train leaves at 9 and runs 3 hours 45 minutes. How many minutes does it run?", "225"),
        ("What is 5/8 + 1/4 as a decimal?", "0.875"), ("What is 123456789 * 987654321?", "121932631112635269"),
        ("How many seconds are in a day?", "86400"), ("What is 20% off a price of 150?", "120"), ("What is 64 / 0.5?", "128"),
        ("What is 11^5?", "161051")]
FACTS = [("What does the Moon room cost per night?", "140,000"), ("When does the library open on Saturday?", "10"),
         ("What is the wifi network's name?", "hanok"), ("How much is a used book? (헌책은 한 권에 얼마인가요?)", "천 원"),
         ("Where is the printing service?", "print"), ("How do I get to the guesthouse from the station?", "bus"),
         ("When does the festival begin? (가을 축제)", "10"), ("What is served at breakfast?", "breakfast"),
         ("Which rooms does the guesthouse have?", "moon"), ("When is the library closed?", "monday")]
QUESTIONS = ([(q, a, "calculator") for q, a in SUMS] + [(q, a, "search") for q, a in FACTS] +
             [(f"What is {a} * {b} + {c}?", str(a * b + c), "calculator") for a, b, c in
              [(13, 14, 15), (21, 9, 4), (37, 41, 100), (6, 250, 17), (88, 12, 3), (19, 19, 19), (45, 45, 1), (7, 77, 777),
               (101, 99, 2), (64, 16, 8), (33, 3, 333), (52, 7, 11), (15, 15, 15), (250, 4, 24), (90, 90, 90)]])[:ONLY]

with tempfile.TemporaryDirectory() as folder:
    env = dict(os.environ, HANOK_DATA=folder, HANOK_CONFIG=folder + "/c.json", HANOK_EMBEDDING_MODEL="none")
    subprocess.run([HANOK, "ingest", "examples/docs", "-q"], env=env, check=True, stdout=subprocess.DEVNULL)
    right = used = unparsable = kept = steps = 0
    stopped, seconds = {}, 0.0
    for question, expected, tool in QUESTIONS:
        done = subprocess.run([HANOK, "agent", question, "-m", MODEL, "--kind", "react", "--tools", "calculator,search",
                               "--max-steps", str(STEPS), "--step-tokens", "160", "--json", "-q"],
                              env=env, capture_output=True, text=True)
        out = json.loads(done.stdout)
        if "error" in out:
            print(question, out["error"])
            continue
        answer = out["answer"].lower().replace(" ", "").replace(",", "")
        right += expected.lower().replace(" ", "").replace(",", "") in answer
        used += any(s["tool"] == tool and not s["failed"] for s in out["steps"])
        unparsable += out["unparsable"]
        kept += len(out["steps"]) <= STEPS
        steps += len(out["steps"])
        stopped[out["stopped"]] = stopped.get(out["stopped"], 0) + 1
        seconds += out["seconds"]
    print(json.dumps({"model": os.path.basename(MODEL), "questions": len(QUESTIONS), "right": right, "used_the_tool": used,
                      "unparsable": unparsable, "inside_limits": kept, "steps": steps,
                      "stopped": {str(k): v for k, v in stopped.items()}, "seconds": round(seconds, 1)}))
