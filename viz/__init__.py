"""What people look at: the report of a run, and the browser app. It reads the model's public names and result files.

app.py        the Solara page: one tab, one kernel, one session         stage.py    the widget that carries messages
session.py    a reader's session: market, thread, queue                 jobs.py     heavy work in processes of its own
messages.py   what a page may say, checked                              frames.py   what a page is told, and how small
pages/        the Python half of each page                              work/       the heavy work, piece by piece
shelf/        readers of results folders                                worlds.py   worlds that are compared
world_code.py a scenario in a link                                      public/     the page itself: JavaScript, style
server.py     `talent app`                                              door/       what may come in; THREATS.md
report.py     the page of `talent run`, drawn by charts/                theme.py    colours and type of all of it
vendor/       the shell of Solara's page, so that no network is needed  results.py  the files of a run, for the report
"""
