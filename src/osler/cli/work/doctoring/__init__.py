"""What `osler doctor` looks at, one function per thing: each gives lines, and none ends the others.

line         a line: what, its state, what was found, what to do
machine      this installation and this machine
settings     the configuration: parts, rules, who can reach the gateway, agreements that end
state        the workspace's folder, and what is kept in it
servers      the model servers
"""
