podlab answer half-phase a
kubectl run good --image=podlab.dev/toolbox:v1 --restart=Never -- echo all done
kubectl run bad --image=podlab.dev/toolbox:v1 --restart=Never -- no-such-program
