cat retry.yaml
kubectl apply -f retry.yaml
kubectl wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=2 pod/retry --timeout=60s
kubectl get pod retry
cat > retry.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: retry
spec:
  restartPolicy: OnFailure
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args:
    - |
      if test -e /state/tried; then echo connected; exit 0; fi
      touch /state/tried
      echo no connection
      exit 1
    volumeMounts:
    - name: state
      mountPath: /state
  volumes:
  - name: state
    emptyDir: {}
END
kubectl delete pod retry --now
kubectl apply -f retry.yaml
kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/retry --timeout=60s
kubectl get pod retry
