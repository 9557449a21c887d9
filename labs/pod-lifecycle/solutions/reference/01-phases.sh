kubectl get pod half
kubectl get pod half -o jsonpath='{.status.phase}{"\n"}'
podlab answer half-phase a
kubectl run good --image=podlab.dev/toolbox:v1 --restart=Never -- echo all done
kubectl run bad --image=podlab.dev/toolbox:v1 --restart=Never -- sh -c "exit 3"
