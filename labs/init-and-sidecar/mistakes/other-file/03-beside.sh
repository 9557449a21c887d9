cat > report.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: report
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 2
  initContainers:
  - name: shipper
    image: podlab.dev/toolbox:v1
    restartPolicy: Always
    args: ["tail", "-F", "/logs/work.log"]
    volumeMounts:
    - name: logs
      mountPath: /logs
  containers:
  - name: work
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "for i in 1 2 3; do echo line $i >> /logs/out; sleep 1; done"]
    volumeMounts:
    - name: logs
      mountPath: /logs
  volumes:
  - name: logs
    emptyDir: {}
END
kubectl delete pod report --now
kubectl apply -f report.yaml
kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/report --timeout=60s
