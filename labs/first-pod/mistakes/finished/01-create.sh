kubectl run hello --image=podlab.dev/toolbox:v1 --command -- echo hello
