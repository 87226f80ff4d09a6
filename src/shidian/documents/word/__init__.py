"""The official form as .docx, out and in.

`form` says which form it is, in plain values; `writer` prints it, `reader` finds the answers again in whatever people
and their programs have made of it, `conversion` turns other formats into .docx where LibreOffice is installed.
"""
